package integration

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// dialGateway connects an ordinary client to the gRPC address of a gateway.
func dialGateway(t *testing.T, p *process) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(p.field(p.stderr.wait(t, "grpc ")), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func hello(ctx context.Context, conn *grpc.ClientConn, name string, opts ...grpc.CallOption) (string, error) {
	var out wrapperspb.StringValue
	err := conn.Invoke(ctx, "/sample.Greeter/Hello", wrapperspb.String(name), &out, opts...)
	return out.GetValue(), err
}

func TestGatewayForwardsGRPCCallsOfEverySort(t *testing.T) {
	t.Parallel()
	conn := dialGateway(t, startGateway(t, nil, "-load", "0"))
	if got, err := hello(t.Context(), conn, "gopher"); err != nil || got != "Hello, gopher, from the sample upstream." {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := hello(t.Context(), conn, ""); status.Code(err) != codes.InvalidArgument || status.Convert(err).Message() != "a name is needed" {
		t.Errorf("the upstream's own error came as %v", err)
	}
	if err := conn.Invoke(t.Context(), "/sample.Greeter/Sing", wrapperspb.String("a"), new(wrapperspb.StringValue)); status.Code(err) != codes.Unimplemented {
		t.Errorf("a method the upstream does not have gave %v", err)
	}
	stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, "/sample.Greeter/Count")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(stream.SendMsg(wrapperspb.UInt32(3)), stream.CloseSend()); err != nil {
		t.Fatal(err)
	}
	for want := uint32(1); want <= 3; want++ {
		var n wrapperspb.UInt32Value
		if err := stream.RecvMsg(&n); err != nil || n.GetValue() != want {
			t.Fatalf("got %d, %v, want %d", n.GetValue(), err, want)
		}
	}
	if err := stream.RecvMsg(new(wrapperspb.UInt32Value)); !errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v", err)
	}
}

func TestGRPCCallsAndHTTPRequestsOfAClientShareItsLimit(t *testing.T) {
	t.Parallel()
	p := startGateway(t, nil, "-load", "0", "-rate", "1/m", "-burst", "4")
	conn := dialGateway(t, p)
	for range 2 {
		if got := get(t, newClient(t), p.url+"/hello", nil); got.status != 200 {
			t.Fatalf("status %d", got.status)
		}
		if _, err := hello(t.Context(), conn, "gopher"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := hello(t.Context(), conn, "gopher")
	if status.Code(err) != codes.ResourceExhausted {
		t.Fatalf("beyond the limit: %v", err)
	}
	var retry *errdetails.RetryInfo
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			retry = info
		}
	}
	if after := retry.GetRetryDelay().AsDuration(); after < 50*time.Second || after > time.Minute {
		t.Errorf("RetryInfo is %v, want about a minute", retry)
	}
	if got := get(t, newClient(t), p.url+"/hello", nil); got.status != 429 {
		t.Errorf("an HTTP request beyond the limit got %d", got.status)
	}
}

func TestAHealthClientAsksTheGatewayItself(t *testing.T) {
	t.Parallel()
	conn := dialGateway(t, startGateway(t, nil, "-load", "0"))
	await(t, "a gateway that is serving", func() bool { // its checks have to run once
		got, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetStatus() == healthpb.HealthCheckResponse_SERVING
	})
}

func TestACallOfAClientThatHangsUpEndsAtTheUpstreamToo(t *testing.T) {
	t.Parallel()
	upstream := newHanging(t)
	conn := dialGateway(t, startGateway(t, nil, "-load", "0", "-grpc-upstream", upstream.addr))
	ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(t.Context(), "tenant", "blue"))
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/any.Service/Method")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(wrapperspb.String("a")); err != nil {
		t.Fatal(err)
	}
	if tenant := <-upstream.called; tenant != "blue" {
		t.Errorf("the upstream was told tenant %q", tenant)
	}
	cancel()
	select {
	case <-upstream.ended:
	case <-time.After(20 * time.Second):
		t.Error("the upstream's call goes on")
	}
}

// hanging is an upstream whose calls last until their callers hang up.
type hanging struct {
	addr   string
	called chan string // the tenants of calls
	ended  chan struct{}
}

func newHanging(t *testing.T) *hanging {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens at once
	if err != nil {
		t.Fatal(err)
	}
	h := &hanging{addr: l.Addr().String(), called: make(chan string, 1), ended: make(chan struct{})}
	s := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		h.called <- metadata.ValueFromIncomingContext(stream.Context(), "tenant")[0]
		<-stream.Context().Done()
		close(h.ended)
		return stream.Context().Err()
	}))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l) // until Stop
	}()
	t.Cleanup(func() {
		s.Stop()
		<-done
	})
	return h
}
