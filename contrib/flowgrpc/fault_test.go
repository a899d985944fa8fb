package flowgrpc_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
)

// wires are the TCP connections of a client, to be cut.
type wires struct {
	mu   sync.Mutex
	open []*net.TCPConn
}

func (w *wires) dial(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = append(w.open, c.(*net.TCPConn))
	return c, nil
}

// cut kills the connections: the server gets a reset.
func (w *wires) cut(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.open {
		if err := errors.Join(c.SetLinger(0), c.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestACallThatEndsMidwayGivesItsPermitsBackAndHasTheRightCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		end    func(t *testing.T, w *wires, cancel func())
		within time.Duration
		want   codes.Code
	}{
		{"its caller cancels", func(_ *testing.T, _ *wires, cancel func()) { cancel() }, time.Minute, codes.Canceled},
		{"its deadline passes", func(*testing.T, *wires, func()) {}, 2 * time.Second, codes.DeadlineExceeded},
		{"its peer dies", func(t *testing.T, w *wires, _ func()) { w.cut(t) }, time.Minute, codes.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			here, there := &gauge{told: make(chan error, 2)}, &gauge{told: make(chan error, 2)}
			in := make(chan struct{}, 2)
			hang := func(ctx context.Context) error { in <- struct{}{}; <-ctx.Done(); return ctx.Err() }
			addr := serveTCP(t, &service{empty: hang, duplex: func(b duplexServer) error {
				in <- struct{}{}
				return echo(b)
			}}, newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithPolicies(there)).ServerOptions()...)
			w := &wires{}
			conn := connect(t, "passthrough:///"+addr, append(newClient(t, flowgrpc.WithPolicies(once(here))).DialOptions(), grpc.WithContextDialer(w.dial))...)
			conn.Connect()
			client := pb.NewTestServiceClient(conn)
			ctx, cancel := context.WithTimeout(t.Context(), c.within)
			defer cancel()
			s, err := client.FullDuplexCall(ctx, grpc.WaitForReady(true))
			if err != nil {
				t.Fatal(err)
			}
			unary := make(chan error, 1)
			go func() {
				_, err := client.EmptyCall(ctx, &pb.Empty{})
				unary <- err
			}()
			<-in
			<-in
			if a, b := here.inUse.Load(), there.inUse.Load(); a != 2 || b != 2 {
				t.Errorf("%d and %d permits in use midway, want 2 and 2", a, b)
			}
			c.end(t, w, cancel)
			_, err = s.Recv()
			wantCode(t, err, c.want)
			wantCode(t, <-unary, c.want)
			for range 2 {
				if <-here.told == nil {
					t.Error("a policy of the client was told of no failure")
				}
				if <-there.told == nil {
					t.Error("a policy of the server was told of no failure")
				}
			}
			if a, b := here.inUse.Load(), there.inUse.Load(); a != 0 || b != 0 {
				t.Errorf("%d and %d permits in use at the end, want none", a, b)
			}
		})
	}
}

// Not parallel: it counts goroutines.
func TestAThousandStreamsCancelledAtRandomGiveAllTheirPermitsBack(t *testing.T) {
	const n = 1000
	here, there := &gauge{}, &gauge{}
	g := newGuard(t, flowgrpc.GuardConfig{Messages: flowgrpc.MessagesPace}, flowgrpc.WithPolicies(there), flowgrpc.WithLimit(roomy{}))
	var handlers atomic.Int64
	c := serve(t, &service{duplex: func(b duplexServer) error {
		handlers.Add(1)
		defer handlers.Add(-1)
		return echo(b)
	}}, g.ServerOptions(), newClient(t, flowgrpc.WithPolicies(once(here))).DialOptions()...)
	warm(t, c)
	talk(t, c)
	before := runtime.NumGoroutine()
	var streams sync.WaitGroup
	for range n {
		streams.Go(func() { talk(t, c) })
	}
	streams.Wait()
	for here.inUse.Load() != 0 || there.inUse.Load() != 0 || handlers.Load() != 0 || runtime.NumGoroutine() > before+10 {
		<-time.After(5 * time.Millisecond)
	}
	if a := here.admitted.Load(); a < n {
		t.Errorf("%d streams were admitted, want %d", a, n)
	}
}

// talk has a stream for a random while.
func talk(t *testing.T, c pb.TestServiceClient) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := c.FullDuplexCall(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	for range rand.IntN(4) {
		if err := s.Send(&pb.StreamingOutputCallRequest{}); err != nil {
			t.Error(err)
			return
		}
		if _, err := s.Recv(); err != nil {
			t.Error(err)
			return
		}
	}
	if rand.IntN(2) == 0 {
		return // and cancel
	}
	if err := s.CloseSend(); err != nil {
		t.Error(err)
	}
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want the end", err)
	}
}
