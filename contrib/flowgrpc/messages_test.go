package flowgrpc_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/limit"
)

// exchange sends n messages on a new stream and receives an answer to each, up to the first error, which is
// nil when there was none.
func exchange(t *testing.T, c pb.TestServiceClient, n int) (got int, trailer metadata.MD, err error) {
	t.Helper()
	s, err := c.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		if err := s.Send(&pb.StreamingOutputCallRequest{}); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if _, err := s.Recv(); err != nil {
			return got, s.Trailer(), err
		}
		got++
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		return got, s.Trailer(), err
	}
	return got, nil, nil
}

func TestAStreamCountsAsOneCallUnlessItsMessagesCount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		messages flowgrpc.Messages
		want     int
		code     codes.Code
	}{
		{flowgrpc.MessagesFree, 10, codes.OK},
		{flowgrpc.MessagesReject, 4, codes.ResourceExhausted},
	} {
		t.Run(c.messages.String(), func(t *testing.T) {
			t.Parallel()
			clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 4})
			permits := &gauge{told: make(chan error, 1)}
			g := newGuard(t, flowgrpc.GuardConfig{Messages: c.messages}, flowgrpc.WithLimit(clients), flowgrpc.WithPolicies(permits))
			got, trailer, err := exchange(t, serve(t, &service{duplex: echo}, g.ServerOptions()), 10)
			wantCode(t, err, c.code)
			if got != c.want {
				t.Errorf("%d messages passed, want %d", got, c.want)
			}
			if retry, _ := details(err); (retry != nil) != (c.code != codes.OK) {
				t.Errorf("RetryInfo is %v", retry)
			}
			if len(trailer["goflow-refused"]) != 0 {
				t.Errorf("the trailer %v says the stream was not started", trailer)
			}
			<-permits.told
			if n := permits.inUse.Load(); n != 0 {
				t.Errorf("%d permits in use, want 0", n)
			}
		})
	}
}

func TestARejectedMessageEndsTheStreamWhateverTheHandlerDoes(t *testing.T) {
	t.Parallel()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 1})
	g := newGuard(t, flowgrpc.GuardConfig{Messages: flowgrpc.MessagesReject}, flowgrpc.WithLimit(clients))
	c := serve(t, &service{duplex: func(b duplexServer) error {
		for b.Context().Err() == nil {
			_, _ = b.Recv()
			if err := b.Send(&output{}); err != nil {
				return err
			}
		}
		if _, err := b.Recv(); err == nil {
			t.Error("a message came after the end")
		}
		return nil
	}}, g.ServerOptions())
	s, err := c.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Send(&pb.StreamingOutputCallRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	for err == nil {
		_, err = s.Recv()
	}
	wantCode(t, err, codes.ResourceExhausted)
}

func TestPacedMessagesAllComeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerSecond(50), Burst: 1})
	g := newGuard(t, flowgrpc.GuardConfig{Messages: flowgrpc.MessagesPace}, flowgrpc.WithLimit(clients))
	c := serve(t, &service{duplex: echo}, g.ServerOptions())
	start := time.Now()
	got, _, err := exchange(t, c, 6)
	if err != nil || got != 6 {
		t.Errorf("%d messages passed (%v), want 6", got, err)
	}
	if took := time.Since(start); took < 90*time.Millisecond {
		t.Errorf("6 messages at 50/s took %v, want 100ms", took)
	}
}

func TestAPacedStreamEndsWithItsDeadline(t *testing.T) {
	t.Parallel()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 1})
	g := newGuard(t, flowgrpc.GuardConfig{Messages: flowgrpc.MessagesPace}, flowgrpc.WithLimit(clients))
	c := serve(t, &service{duplex: echo}, g.ServerOptions())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	s, err := c.FullDuplexCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Send(&pb.StreamingOutputCallRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	for err == nil {
		_, err = s.Recv()
	}
	wantCode(t, err, codes.DeadlineExceeded) // at once: the permit would come too late
	if ctx.Err() != nil {
		t.Error("it waited in vain")
	}
}

func TestALimiterThatFailsMayLetMessagesPass(t *testing.T) {
	t.Parallel()
	for _, messages := range []flowgrpc.Messages{flowgrpc.MessagesReject, flowgrpc.MessagesPace} {
		for mode, want := range map[flowgrpc.FailureMode]codes.Code{flowgrpc.FailOpen: codes.OK, flowgrpc.FailClosed: codes.Unavailable} {
			l := &failing{after: 2}
			g := newGuard(t, flowgrpc.GuardConfig{Messages: messages, OnLimiterError: mode}, flowgrpc.WithLimit(l))
			_, _, err := exchange(t, serve(t, &service{duplex: echo}, g.ServerOptions()), 4)
			wantCode(t, err, want)
		}
	}
}

// failing is a keyed limiter that fails after some decisions.
type failing struct{ after int }

func (l *failing) Take(context.Context, string, int) (limit.Decision, error) {
	if l.after--; l.after < 0 {
		return limit.Decision{}, errBoom
	}
	return limit.Decision{Allowed: true}, nil
}

func TestADownloadTakesOnePermitForItsRequest(t *testing.T) {
	t.Parallel()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 1})
	g := newGuard(t, flowgrpc.GuardConfig{Messages: flowgrpc.MessagesReject}, flowgrpc.WithLimit(clients))
	c := serve(t, &service{download: func(_ *pb.StreamingOutputCallRequest, out grpc.ServerStreamingServer[output]) error {
		return flowgrpc.Send(out.Context(), sizes(5), out)
	}}, g.ServerOptions())
	s, err := c.StreamingOutputCall(t.Context(), &pb.StreamingOutputCallRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := flowgrpc.Receive(s).Count(t.Context()); err != nil || n != 5 {
		t.Errorf("got %d messages (%v), want 5", n, err)
	}
}
