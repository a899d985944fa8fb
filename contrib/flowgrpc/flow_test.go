package flowgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/streams"
)

// sizes are messages of a download, told apart by their length.
func sizes(n int) streams.Stream[*output] {
	all := make([]*output, n)
	for i := range all {
		all[i] = &output{Payload: &pb.Payload{Body: make([]byte, i)}}
	}
	return streams.FromSlice(all)
}

func TestMessagesGoThroughStreamsOnBothSides(t *testing.T) {
	t.Parallel()
	conn := serve(t, &service{duplex: func(b duplexServer) error {
		answers := streams.Map(flowgrpc.Receive(b), func(_ context.Context, in *pb.StreamingOutputCallRequest) (*output, error) {
			return &output{Payload: in.GetPayload()}, nil
		})
		return flowgrpc.Send(b.Context(), answers, b)
	}}, nil)
	s, err := conn.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const n = 500
	sent := make(chan error, 1)
	go func() {
		requests := streams.Map(sizes(n), func(_ context.Context, o *output) (*pb.StreamingOutputCallRequest, error) {
			return &pb.StreamingOutputCallRequest{Payload: o.GetPayload()}, nil
		})
		sent <- errors.Join(flowgrpc.Send(t.Context(), requests, s), s.CloseSend())
	}()
	got, err := flowgrpc.Receive(s).Collect(t.Context())
	if err != nil || len(got) != n {
		t.Fatalf("got %d messages (%v), want %d", len(got), err, n)
	}
	for i, m := range got {
		if len(m.GetPayload().GetBody()) != i {
			t.Fatalf("message %d has %d bytes", i, len(m.GetPayload().GetBody()))
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestTheErrorOfAStreamIsTheRunsWithItsStatus(t *testing.T) {
	t.Parallel()
	conn := serve(t, &service{download: func(_ *pb.StreamingOutputCallRequest, out grpc.ServerStreamingServer[output]) error {
		if err := flowgrpc.Send(out.Context(), sizes(3), out); err != nil {
			return err
		}
		return status.Error(codes.DataLoss, "x")
	}}, nil)
	s, err := conn.StreamingOutputCall(t.Context(), &pb.StreamingOutputCallRequest{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := flowgrpc.Receive(s).Collect(t.Context())
	if len(got) != 3 {
		t.Errorf("%d messages before the error, want 3", len(got))
	}
	wantCode(t, err, codes.DataLoss)
}

func TestASlowReceiverStopsTheSender(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	blocked := make(chan struct{})
	conn := serve(t, &service{download: func(_ *pb.StreamingOutputCallRequest, out grpc.ServerStreamingServer[output]) error {
		big := streams.Generate(func(context.Context) (*output, bool, error) {
			if sent.Add(1) > 1000 {
				return nil, false, nil
			}
			return &output{Payload: &pb.Payload{Body: make([]byte, 16<<10)}}, true, nil
		})
		return flowgrpc.Send(out.Context(), big, out)
	}}, nil)
	s, err := conn.StreamingOutputCall(t.Context(), &pb.StreamingOutputCallRequest{})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(blocked)
		for last := int64(-1); last != sent.Load(); <-time.After(50 * time.Millisecond) {
			last = sent.Load()
		}
	}()
	got := 0
	if err := flowgrpc.Receive(s).ForEach(t.Context(), func(context.Context, *output) error {
		if got++; got == 1 {
			<-blocked
			if n := sent.Load(); n > 100 {
				t.Errorf("%d messages were sent to who took 1", n)
			}
		}
		return nil
	}); err != nil || got != 1000 {
		t.Errorf("got %d messages (%v), want 1000", got, err)
	}
}

func TestARunEndsWithItsContextAndLosesNoMessage(t *testing.T) {
	t.Parallel()
	send := make(chan struct{})
	conn := serve(t, &service{download: func(_ *pb.StreamingOutputCallRequest, out grpc.ServerStreamingServer[output]) error {
		<-send
		return flowgrpc.Send(out.Context(), sizes(3), out)
	}}, nil)
	s, err := conn.StreamingOutputCall(t.Context(), &pb.StreamingOutputCallRequest{})
	if err != nil {
		t.Fatal(err)
	}
	messages := flowgrpc.Receive(s)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, errBoom)
	defer cancel()
	if _, err := messages.Collect(ctx); !errors.Is(err, errBoom) {
		t.Errorf("got %v, want why the context ended", err)
	}
	close(send)
	if n, err := messages.Count(t.Context()); err != nil || n != 3 {
		t.Errorf("the next run got %d messages (%v), want 3", n, err)
	}
}

func TestSendEndsWithItsContextWhenTheReceiverHangs(t *testing.T) {
	t.Parallel()
	conn := serve(t, &service{upload: func(in grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error {
		<-in.Context().Done()
		return in.Context().Err()
	}}, nil)
	life, end := context.WithCancel(t.Context())
	s, err := conn.StreamingInputCall(life)
	if err != nil {
		t.Fatal(err)
	}
	endless := streams.Generate(func(context.Context) (*pb.StreamingInputCallRequest, bool, error) {
		return &pb.StreamingInputCallRequest{Payload: &pb.Payload{Body: make([]byte, 64<<10)}}, true, nil
	})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errBoom)
	defer cancel()
	if err := flowgrpc.Send(ctx, endless, s); !errors.Is(err, errBoom) {
		t.Errorf("got %v, want why the context ended", err)
	}
	end()
}

func TestSendTellsThatTheServerEndedTheCall(t *testing.T) {
	t.Parallel()
	conn := serve(t, &service{upload: func(in grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error {
		n, _, err := flowgrpc.Receive(in).First(in.Context())
		return status.Error(codes.FailedPrecondition, fmt.Sprint(n != nil, err))
	}}, nil)
	s, err := conn.StreamingInputCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	endless := streams.Generate(func(context.Context) (*pb.StreamingInputCallRequest, bool, error) {
		return &pb.StreamingInputCallRequest{}, true, nil
	})
	if err := flowgrpc.Send(t.Context(), endless, s); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want io.EOF", err)
	}
	_, err = s.CloseAndRecv()
	wantCode(t, err, codes.FailedPrecondition)
}

func TestNoMessageIsHeldBackForTheNext(t *testing.T) {
	t.Parallel()
	conn := serve(t, &service{duplex: func(b duplexServer) error {
		answers := streams.Map(flowgrpc.Receive(b), func(context.Context, *pb.StreamingOutputCallRequest) (*output, error) {
			return &output{}, nil
		})
		return flowgrpc.Send(b.Context(), answers, b)
	}}, nil)
	s, err := conn.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, burst := range []int{1, 200, 3, 64, 1} {
		for range burst {
			if err := s.Send(&pb.StreamingOutputCallRequest{}); err != nil {
				t.Fatal(err)
			}
		}
		for range burst { // all answers come, though no further message does
			if _, err := s.Recv(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want the end", err)
	}
}
