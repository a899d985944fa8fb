package main

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/core"
)

// forward makes a handler that passes calls of any method on to where conn leads, message by message, as
// they come. It knows nothing of what is in them.
func forward(conn grpc.ClientConnInterface) grpc.StreamHandler {
	return func(_ any, down grpc.ServerStream) error {
		method, ok := grpc.MethodFromServerStream(down)
		if !ok {
			return status.Error(codes.Internal, "the call has no method")
		}
		ctx, cancel := context.WithCancel(down.Context())
		defer cancel() // which ends the copying of requests too
		md, _ := metadata.FromIncomingContext(ctx)
		up, err := conn.NewStream(metadata.NewOutgoingContext(ctx, passed(md)), bothWays, method, grpc.ForceCodecV2(rawCodec{}))
		if err != nil {
			return callStatus(err)
		}
		go func() {
			if err := copyRequests(down, up); err != nil {
				cancel() // the client broke off
			}
		}()
		return callStatus(copyAnswers(down, up))
	}
}

// callStatus is what a client is told of an error of the upstream: the upstream's own words, if it said any.
func callStatus(err error) error {
	var said interface{ GRPCStatus() *status.Status }
	switch {
	case errors.As(err, &said):
		return said.GRPCStatus().Err()
	case errors.Is(err, core.ErrRejected):
		return status.Error(codes.Unavailable, "the upstream takes no more calls")
	}
	return err
}

var bothWays = &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}

// passed is what of a request's metadata goes to the upstream. What belongs to the connection does not;
// the trace is carried on by the client's own instrumentation.
func passed(md metadata.MD) metadata.MD {
	out := md.Copy()
	for _, key := range []string{":authority", "content-type", "user-agent", "grpc-accept-encoding", "traceparent", "tracestate", "baggage"} {
		delete(out, key)
	}
	return out
}

// copyRequests passes on what the client sends, until it has sent all.
func copyRequests(down grpc.ServerStream, up grpc.ClientStream) error {
	for {
		var m rawMessage
		if err := down.RecvMsg(&m); err != nil {
			if errors.Is(err, io.EOF) {
				return up.CloseSend()
			}
			return err
		}
		if err := up.SendMsg(&m); err != nil {
			return nil //nolint:nilerr // the upstream has ended the call, and says why where its answers are read
		}
	}
}

// copyAnswers passes on what the upstream sends, and the status it ends with.
func copyAnswers(down grpc.ServerStream, up grpc.ClientStream) error {
	header, err := up.Header()
	if err == nil {
		err = down.SetHeader(header)
	}
	for err == nil {
		var m rawMessage
		if err = up.RecvMsg(&m); err == nil {
			err = down.SendMsg(&m)
		}
	}
	down.SetTrailer(up.Trailer())
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// rawMessage is a message as it came.
type rawMessage struct{ data mem.BufferSlice }

// rawCodec leaves messages that are to be forwarded as they are. Those of the gateway's own services are
// written as usual.
type rawCodec struct{}

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	if m, raw := v.(*rawMessage); raw {
		return m.data, nil
	}
	return usual().Marshal(v)
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	m, raw := v.(*rawMessage)
	if !raw {
		return usual().Unmarshal(data, v)
	}
	data.Ref()
	m.data = data
	return nil
}

func (rawCodec) Name() string { return proto.Name }

func usual() encoding.CodecV2 { return encoding.GetCodecV2(proto.Name) }
