package flowgrpc_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core"
)

func registering(s *service) func(grpc.ServiceRegistrar) {
	return func(r grpc.ServiceRegistrar) { pb.RegisterTestServiceServer(r, s) }
}

func start(t *testing.T, s *flowgrpc.Server) pb.TestServiceClient {
	t.Helper()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return pb.NewTestServiceClient(connect(t, s.Addr().String()))
}

func TestAServerServesFromStartToStopAndAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, registering(&service{}))
	if s.Addr() != nil {
		t.Errorf("Addr before Start is %v, want nil", s.Addr())
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("Stop without Start: %v", err)
	}
	for range 2 {
		c := start(t, s)
		if err := s.Start(t.Context()); err == nil {
			t.Error("a second Start is no error")
		}
		if _, err := c.EmptyCall(t.Context(), &pb.Empty{}); err != nil {
			t.Error(err)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Errorf("a second Stop: %v", err)
		}
		var d net.Dialer
		if _, err := d.DialContext(t.Context(), "tcp", s.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("after Stop: %v, want refused", err)
		}
	}
}

func TestAnAddressInUseIsAnErrorOfStart(t *testing.T) {
	t.Parallel()
	first := newServer(t, registering(&service{}))
	start(t, first)
	second, err := flowgrpc.NewServer("second", flowgrpc.ServerConfig{Addr: first.Addr().String()}, registering(&service{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(t.Context()); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), `server "second"`) {
		t.Errorf("Start = %v, want address in use, of second", err)
	}
	if err := first.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStopLetsCallsInFlightFinish(t *testing.T) {
	t.Parallel()
	in, out := make(chan struct{}), make(chan struct{})
	s := newServer(t, registering(&service{empty: func(context.Context) error {
		close(in)
		<-out
		return nil
	}}))
	c := start(t, s)
	answered := make(chan error, 1)
	go func() {
		_, err := c.EmptyCall(t.Context(), &pb.Empty{})
		answered <- err
	}()
	<-in
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop(t.Context()) }()
	select {
	case err := <-stopped:
		t.Fatalf("Stop returned %v while a call was in flight", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(out)
	if err := <-answered; err != nil {
		t.Errorf("the call in flight: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func TestStopCutsOffWhatDoesNotFinishInTimeAndSaysHowMany(t *testing.T) {
	t.Parallel()
	in := make(chan struct{}, 3)
	s := newServer(t, registering(&service{
		empty: func(ctx context.Context) error { in <- struct{}{}; <-ctx.Done(); return ctx.Err() },
		duplex: func(b grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
			in <- struct{}{}
			<-b.Context().Done()
			return b.Context().Err()
		},
	}))
	c := start(t, s)
	answered := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := c.EmptyCall(t.Context(), &pb.Empty{})
			answered <- err
		}()
	}
	stream, err := c.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		<-in
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = s.Stop(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `flowgrpc: server "api": 3 calls cut off`) {
		t.Errorf("Stop = %v, want 3 calls cut off", err)
	}
	for range 2 {
		wantCode(t, <-answered, codes.Unavailable)
	}
	_, err = stream.Recv()
	wantCode(t, err, codes.Unavailable)
}

func TestServingThatFailsIsToldByFailed(t *testing.T) {
	t.Parallel()
	s := newServer(t, registering(&service{}))
	start(t, s)
	if err := s.BreakListener(); err != nil {
		t.Fatal(err)
	}
	if err := <-s.Failed(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Failed gave %v, want a closed listener", err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAMessageOrHeaderAboveItsBoundIsRefused(t *testing.T) {
	t.Parallel()
	s, err := flowgrpc.NewServer("api", flowgrpc.ServerConfig{Addr: "127.0.0.1:0", MaxMessageBytes: 1000}, registering(&service{
		unary: func(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error) { return &pb.SimpleResponse{}, nil },
	}))
	if err != nil {
		t.Fatal(err)
	}
	c := start(t, s)
	_, err = c.UnaryCall(t.Context(), &pb.SimpleRequest{Payload: &pb.Payload{Body: make([]byte, 900)}})
	wantCode(t, err, codes.OK)
	_, err = c.UnaryCall(t.Context(), &pb.SimpleRequest{Payload: &pb.Payload{Body: make([]byte, 1001)}})
	wantCode(t, err, codes.ResourceExhausted)
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestABadServerConfigNamesItsFields(t *testing.T) {
	t.Parallel()
	_, err := flowgrpc.NewServer("", flowgrpc.ServerConfig{
		Addr: "nowhere", MaxConcurrentStreams: -1, MaxMessageBytes: 1 << 40, MaxHeaderBytes: -1, HandshakeTimeout: -1, MaxConnectionIdle: -1,
		MaxConnectionAge: -1, MaxConnectionAgeGrace: -1, KeepaliveTime: -1, KeepaliveTimeout: -1, MinPingInterval: -1,
	}, nil)
	if !errors.Is(err, core.ErrInvalid) {
		t.Fatalf("got %v, want core.ErrInvalid", err)
	}
	for _, want := range []string{
		"name", "register", "Addr", "MaxConcurrentStreams", "MaxMessageBytes", "MaxHeaderBytes", "HandshakeTimeout", "MaxConnectionIdle",
		"MaxConnectionAge ", "MaxConnectionAgeGrace", "KeepaliveTime ", "KeepaliveTimeout", "MinPingInterval",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
