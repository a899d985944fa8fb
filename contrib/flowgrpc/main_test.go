package flowgrpc_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service is gRPC's test service, as a test wants it.
type service struct {
	pb.UnimplementedTestServiceServer
	empty    func(ctx context.Context) error
	unary    func(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error)
	download func(in *pb.StreamingOutputCallRequest, s grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error
	upload   func(s grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error
	duplex   func(s grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error
}

func (s *service) EmptyCall(ctx context.Context, _ *pb.Empty) (*pb.Empty, error) {
	if s.empty == nil {
		return &pb.Empty{}, nil
	}
	return &pb.Empty{}, s.empty(ctx)
}

func (s *service) UnaryCall(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	return s.unary(ctx, in)
}

func (s *service) StreamingOutputCall(in *pb.StreamingOutputCallRequest, out grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error {
	return s.download(in, out)
}

func (s *service) StreamingInputCall(in grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error {
	return s.upload(in)
}

func (s *service) FullDuplexCall(both grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
	return s.duplex(both)
}

// serve serves s in memory, and gives a connection to it with the options of a client.
func serve(t testing.TB, s *service, opts []grpc.ServerOption, dial ...grpc.DialOption) pb.TestServiceClient {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(append(opts, grpc.WaitForHandlers(true))...)
	pb.RegisterTestServiceServer(server, s)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	dial = append(dial, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		return listener.DialContext(ctx)
	}))
	conn := connect(t, "passthrough:///bufconn", dial...)
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return pb.NewTestServiceClient(conn)
}

// serveTCP serves s on a free loopback port.
func serveTCP(t testing.TB, s *service, opts ...grpc.ServerOption) (addr string) {
	t.Helper()
	server := newServer(t, func(r grpc.ServiceRegistrar) { pb.RegisterTestServiceServer(r, s) }, opts...)
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server.Addr().String()
}

func newServer(t testing.TB, register func(grpc.ServiceRegistrar), opts ...grpc.ServerOption) *flowgrpc.Server {
	t.Helper()
	server, err := flowgrpc.NewServer("api", flowgrpc.ServerConfig{Addr: "127.0.0.1:0"}, register, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func connect(t testing.TB, target string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(target, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func newGuard(t testing.TB, cfg flowgrpc.GuardConfig, opts ...flowgrpc.GuardOption) *flowgrpc.Guard {
	t.Helper()
	g, err := flowgrpc.NewGuard("edge", cfg, append([]flowgrpc.GuardOption{flowgrpc.WithOnPanic(nil)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func newClient(t testing.TB, opts ...flowgrpc.ClientOption) *flowgrpc.Client {
	t.Helper()
	c, err := flowgrpc.NewClient("payments", flowgrpc.ClientConfig{}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newKeyed(t testing.TB, name string, cfg limit.KeyedConfig) *limit.Keyed {
	t.Helper()
	l, err := limit.NewKeyed(name, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// fakeLimiter is a keyed limiter that always answers the same.
type fakeLimiter struct {
	decision limit.Decision
	err      error
}

func (l fakeLimiter) Take(context.Context, string, int) (limit.Decision, error) {
	return l.decision, l.err
}

// gauge is an Admitter that counts what is in use, and remembers the last outcome.
type gauge struct {
	inUse    atomic.Int64
	admitted atomic.Int64
	told     chan error // if not nil
}

func (g *gauge) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, g, task) }

func (g *gauge) Admit(context.Context) (core.Ticket, error) {
	g.inUse.Add(1)
	g.admitted.Add(1)
	return core.Ticket{}, nil
}

func (g *gauge) Done(_ core.Ticket, err error) {
	g.inUse.Add(-1)
	if g.told != nil {
		g.told <- err
	}
}

// refusing is a policy that never runs its task.
func refusing(err error) core.Policy {
	return core.PolicyFunc(func(context.Context, core.Task) error { return err })
}

// again is a policy that runs its task n times, whatever it says.
func again(n int) core.Policy {
	return core.PolicyFunc(func(ctx context.Context, task core.Task) (err error) {
		for range n {
			err = task(ctx)
		}
		return err
	})
}

// details are those of a status.
func details(err error) (retry *errdetails.RetryInfo, quota *errdetails.QuotaFailure) {
	for _, d := range status.Convert(err).Details() {
		switch d := d.(type) {
		case *errdetails.RetryInfo:
			retry = d
		case *errdetails.QuotaFailure:
			quota = d
		}
	}
	return retry, quota
}

func wantCode(t testing.TB, err error, want codes.Code) {
	t.Helper()
	if got := status.Code(err); got != want {
		t.Errorf("code %v (%v), want %v", got, err, want)
	}
}

var errBoom = errors.New("boom")

// counting is a keyed limiter that counts who asks, and gives none.
type counting struct{ asked *atomic.Int64 }

func (l counting) Take(context.Context, string, int) (limit.Decision, error) {
	l.asked.Add(1)
	return limit.Decision{}, nil
}

// roomy is a keyed limiter that always gives.
type roomy struct{}

func (roomy) Take(context.Context, string, int) (limit.Decision, error) {
	return limit.Decision{Allowed: true}, nil
}
