package flowgrpc_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

type (
	duplexServer = grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]
	output       = pb.StreamingOutputCallResponse
)

// echo answers each message with one.
func echo(b duplexServer) error {
	for {
		_, err := b.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := b.Send(&output{}); err != nil {
			return err
		}
	}
}

// once is a policy that is no Admitter, and holds what an Admitter does.
func once(g *gauge) core.Policy { return core.PolicyFunc(g.Do) }

func TestAStreamHoldsItsPermitUntilItEndsAndIsToldOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(t *testing.T, s grpc.BidiStreamingClient[pb.StreamingOutputCallRequest, output], cancel func()) error
		code codes.Code
		want string // class policies are told
	}{
		{"well", func(_ *testing.T, s grpc.BidiStreamingClient[pb.StreamingOutputCallRequest, output], _ func()) error {
			if err := s.CloseSend(); err != nil {
				return err
			}
			_, err := s.Recv()
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}, codes.OK, ""},
		{"cancelled", func(_ *testing.T, s grpc.BidiStreamingClient[pb.StreamingOutputCallRequest, output], cancel func()) error {
			cancel()
			_, err := s.Recv()
			return err
		}, codes.Canceled, core.TypeCanceled},
		{"cancelled without another call", func(_ *testing.T, _ grpc.BidiStreamingClient[pb.StreamingOutputCallRequest, output], cancel func()) error {
			cancel()
			return status.Error(codes.Canceled, "")
		}, codes.Canceled, core.TypeCanceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			permits := &gauge{told: make(chan error, 2)}
			conn := serve(t, &service{duplex: echo}, nil, newClient(t, flowgrpc.WithPolicies(once(permits))).DialOptions()...)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s, err := conn.FullDuplexCall(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := s.Send(&pb.StreamingOutputCallRequest{}); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Recv(); err != nil {
					t.Fatal(err)
				}
			}
			if got := permits.inUse.Load(); got != 1 {
				t.Errorf("%d permits in use while it is open, want 1", got)
			}
			wantCode(t, c.end(t, s, cancel), c.code)
			if got := core.ErrorType(<-permits.told); got != c.want {
				t.Errorf("policies were told %q, want %q", got, c.want)
			}
			if got, told := permits.inUse.Load(), len(permits.told); got != 0 || told != 0 {
				t.Errorf("%d permits in use, told %d times more, want neither", got, told)
			}
		})
	}
}

func TestAStreamIsOneCallToABreaker(t *testing.T) {
	t.Parallel()
	standard, err := resilience.NewStandard("payments", resilience.StandardConfig{Timeout: 5 * time.Second, AttemptTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standard.Close)
	fail := make(chan struct{})
	conn := serve(t, &service{duplex: func(b duplexServer) error {
		if err := b.Send(&output{}); err != nil {
			return err
		}
		<-fail
		return status.Error(codes.Unavailable, "x")
	}}, nil, newClient(t, flowgrpc.WithPolicies(standard)).DialOptions()...)
	warm(t, conn)
	s, err := conn.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); err != nil {
		t.Fatal(err)
	}
	<-time.After(2100 * time.Millisecond) // the timeouts bound the opening, not the stream
	close(fail)
	_, err = s.Recv()
	wantCode(t, err, codes.Unavailable)
	for standard.Breaker().Stats().Failures == 0 {
		<-time.After(time.Millisecond)
	}
	if got := standard.Retry().Stats().Retries; got != 0 {
		t.Errorf("%d retries of a stream that was open, want 0", got)
	}
}

func TestTheOpeningOfAStreamIsTriedAgain(t *testing.T) {
	t.Parallel()
	var tries atomic.Int64
	failTwice := grpc.WithChainStreamInterceptor(func(
		ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption,
	) (grpc.ClientStream, error) {
		if tries.Add(1) < 3 {
			return nil, status.Error(codes.Unavailable, "no connection")
		}
		return streamer(ctx, desc, cc, method, opts...)
	})
	client := newClient(t, flowgrpc.WithPolicies(newRetry(t, resilience.RetryConfig{})))
	conn := serve(t, &service{duplex: echo}, nil, append(client.DialOptions(), failTwice)...)
	s, err := conn.FullDuplexCall(t.Context())
	if err != nil || tries.Load() != 3 {
		t.Fatalf("got %v after %d tries, want a stream after 3", err, tries.Load())
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want the end", err)
	}
}

func TestAStreamThatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Parallel()
	retry := newRetry(t, resilience.RetryConfig{})
	conn := connect(t, "passthrough:///127.0.0.1:1", newClient(t, flowgrpc.WithPolicies(retry)).DialOptions()...)
	_, err := pb.NewTestServiceClient(conn).FullDuplexCall(t.Context())
	wantCode(t, err, codes.Unavailable)
	if got := retry.Stats().Retries; got != 2 {
		t.Errorf("%d retries, want 2", got)
	}
}

func TestAStreamIsOpenedOnce(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	conn := serve(t, &service{duplex: func(b duplexServer) error { opened.Add(1); return echo(b) }}, nil,
		newClient(t, flowgrpc.WithPolicies(again(3))).DialOptions()...)
	s, err := conn.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); !errors.Is(err, io.EOF) || opened.Load() != 1 {
		t.Errorf("got %v from %d streams, want the end of one", err, opened.Load())
	}
}

func TestTheDeadlineOfAStreamReachesTheServer(t *testing.T) {
	t.Parallel()
	conn := serve(t, &service{duplex: func(b duplexServer) error {
		if _, ok := b.Context().Deadline(); !ok {
			return status.Error(codes.DataLoss, "no deadline")
		}
		<-b.Context().Done()
		return b.Context().Err()
	}}, nil, newClient(t, flowgrpc.WithPolicies(once(&gauge{}))).DialOptions()...)
	warm(t, conn)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	s, err := conn.FullDuplexCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Recv()
	wantCode(t, err, codes.DeadlineExceeded)
}

// warm connects.
func warm(t *testing.T, c pb.TestServiceClient) {
	t.Helper()
	if _, err := c.EmptyCall(t.Context(), &pb.Empty{}, grpc.WaitForReady(true)); err != nil {
		t.Fatal(err)
	}
}
