package sample

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// greeter is the sample gRPC service. Its messages are well-known types, so that nothing is generated:
//
//	service sample.Greeter {
//	  rpc Hello (google.protobuf.StringValue) returns (google.protobuf.StringValue);
//	  rpc Count (google.protobuf.UInt32Value) returns (stream google.protobuf.UInt32Value);
//	}
type greeter struct{}

// The greeter's methods, as clients name them.
const (
	HelloMethod = "/sample.Greeter/Hello"
	CountMethod = "/sample.Greeter/Count"
)

// Register registers the greeter.
func Register(r grpc.ServiceRegistrar) { r.RegisterService(&greeterDesc, greeter{}) }

// CountStream describes the stream of CountMethod to a client.
var CountStream = grpc.StreamDesc{StreamName: "Count", ServerStreams: true}

func (greeter) hello(_ context.Context, name *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	if name.GetValue() == "" {
		return nil, status.Error(codes.InvalidArgument, "a name is needed")
	}
	return wrapperspb.String(fmt.Sprintf("Hello, %s, from the sample upstream.", name.GetValue())), nil
}

// count counts to n, ten times a second.
func (greeter) count(n *wrapperspb.UInt32Value, stream grpc.ServerStream) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := range n.GetValue() {
		if err := stream.SendMsg(wrapperspb.UInt32(i + 1)); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		}
	}
	return nil
}

// greeterDesc is what a generator would have written.
var greeterDesc = grpc.ServiceDesc{
	ServiceName: "sample.Greeter",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Hello",
		Handler: func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.StringValue)
			if err := decode(in); err != nil {
				return nil, err
			}
			handle := func(ctx context.Context, in any) (any, error) {
				return srv.(greeter).hello(ctx, in.(*wrapperspb.StringValue))
			}
			if intercept == nil {
				return handle(ctx, in)
			}
			return intercept(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: HelloMethod}, handle)
		},
	}},
	Streams: []grpc.StreamDesc{{
		StreamName:    "Count",
		ServerStreams: true,
		Handler: func(srv any, stream grpc.ServerStream) error {
			in := new(wrapperspb.UInt32Value)
			if err := stream.RecvMsg(in); err != nil {
				return err
			}
			return srv.(greeter).count(in, stream)
		},
	}},
}
