package flowgrpc_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/streams"
)

type greeter struct {
	pb.UnimplementedTestServiceServer
}

func (greeter) UnaryCall(_ context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	return &pb.SimpleResponse{Payload: in.GetPayload()}, nil
}

// StreamingInputCall sums up what a client sends, two messages at a time.
func (greeter) StreamingInputCall(in grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error {
	total := int32(0)
	err := streams.Batch(flowgrpc.Receive(in), 2, time.Second).ForEach(in.Context(), func(_ context.Context, batch []*pb.StreamingInputCallRequest) error {
		total += int32(len(batch))
		return nil
	})
	if err != nil {
		return err
	}
	return in.SendAndClose(&pb.StreamingInputCallResponse{AggregatedPayloadSize: total})
}

func register(r grpc.ServiceRegistrar) { pb.RegisterTestServiceServer(r, greeter{}) }

// run starts a server, calls f with a connection to it, and stops it.
func run(server *flowgrpc.Server, f func(ctx context.Context, conn *grpc.ClientConn), opts ...grpc.DialOption) {
	ctx := context.Background()
	if err := server.Start(ctx); err != nil {
		panic(err)
	}
	conn, err := grpc.NewClient(server.Addr().String(), append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		panic(err)
	}
	f(ctx, conn)
	_ = conn.Close()
	if err := server.Stop(ctx); err != nil {
		panic(err)
	}
}

func ExampleNewGuard() {
	clients, err := limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerMinute(1), Burst: 2})
	if err != nil {
		panic(err)
	}
	defer clients.Close()
	edge, err := flowgrpc.NewGuard("edge", flowgrpc.GuardConfig{
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}, flowgrpc.WithLimit(clients), flowgrpc.WithExempt("grpc.health.v1.Health"))
	if err != nil {
		panic(err)
	}
	server, err := flowgrpc.NewServer("api", flowgrpc.ServerConfig{Addr: "127.0.0.1:0"}, register, edge.ServerOptions()...)
	if err != nil {
		panic(err)
	}
	run(server, func(ctx context.Context, conn *grpc.ClientConn) {
		for range 3 {
			_, err := pb.NewTestServiceClient(conn).UnaryCall(ctx, &pb.SimpleRequest{})
			fmt.Println(status.Code(err))
		}
	})
	// Output:
	// OK
	// OK
	// ResourceExhausted
}

func ExampleNewClient() {
	payments, err := resilience.NewStandard("payments", resilience.StandardConfig{})
	if err != nil {
		panic(err)
	}
	defer payments.Close()
	bucket, err := limit.NewTokenBucket("payments", limit.TokenBucketConfig{Rate: limit.PerHour(1)})
	if err != nil {
		panic(err)
	}
	defer bucket.Close()
	client, err := flowgrpc.NewClient("payments", flowgrpc.ClientConfig{
		Idempotent: []string{"/grpc.testing.TestService/UnaryCall"},
	}, flowgrpc.WithPolicies(limit.Reject(bucket), payments))
	if err != nil {
		panic(err)
	}
	server, err := flowgrpc.NewServer("api", flowgrpc.ServerConfig{Addr: "127.0.0.1:0"}, register)
	if err != nil {
		panic(err)
	}
	run(server, func(ctx context.Context, conn *grpc.ClientConn) {
		for range 2 {
			_, err := pb.NewTestServiceClient(conn).UnaryCall(ctx, &pb.SimpleRequest{})
			fmt.Printf("%v %q\n", status.Code(err), core.ErrorType(err))
		}
	}, client.DialOptions()...)
	// Output:
	// OK ""
	// ResourceExhausted "rate_limited"
}

func ExampleNewHealth() {
	registry, err := health.New("app", health.Config{})
	if err != nil {
		panic(err)
	}
	server, err := flowgrpc.NewServer("api", flowgrpc.ServerConfig{Addr: "127.0.0.1:0"}, flowgrpc.NewHealth(registry).Register)
	if err != nil {
		panic(err)
	}
	run(server, func(ctx context.Context, conn *grpc.ClientConn) {
		for _, state := range []health.State{health.Ready, health.Draining} {
			registry.SetState(state)
			res, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
			fmt.Println(state, res.GetStatus(), err)
		}
	})
	// Output:
	// ready SERVING <nil>
	// draining NOT_SERVING <nil>
}

func ExampleNewServer() {
	server, err := flowgrpc.NewServer("api", flowgrpc.ServerConfig{Addr: "127.0.0.1:0"}, register)
	if err != nil {
		panic(err)
	}
	run(server, func(ctx context.Context, conn *grpc.ClientConn) {
		_, err := pb.NewTestServiceClient(conn).UnaryCall(ctx, &pb.SimpleRequest{})
		fmt.Println(err)
	})
	// Output: <nil>
}

func ExampleReceive() {
	server, err := flowgrpc.NewServer("api", flowgrpc.ServerConfig{Addr: "127.0.0.1:0"}, register)
	if err != nil {
		panic(err)
	}
	run(server, func(ctx context.Context, conn *grpc.ClientConn) {
		upload, err := pb.NewTestServiceClient(conn).StreamingInputCall(ctx)
		if err != nil {
			panic(err)
		}
		messages := streams.FromSlice(make([]*pb.StreamingInputCallRequest, 5))
		if err := flowgrpc.Send(ctx, messages, upload); err != nil {
			panic(err)
		}
		res, err := upload.CloseAndRecv()
		fmt.Println(res.GetAggregatedPayloadSize(), err)
	})
	// Output: 5 <nil>
}

func ExampleSend() {
	server, err := flowgrpc.NewServer("api", flowgrpc.ServerConfig{Addr: "127.0.0.1:0"}, register)
	if err != nil {
		panic(err)
	}
	run(server, func(ctx context.Context, conn *grpc.ClientConn) {
		upload, err := pb.NewTestServiceClient(conn).StreamingInputCall(ctx)
		if err != nil {
			panic(err)
		}
		lines := streams.Map(streams.FromSlice([]string{"a", "b", "c"}),
			func(_ context.Context, line string) (*pb.StreamingInputCallRequest, error) {
				return &pb.StreamingInputCallRequest{Payload: &pb.Payload{Body: []byte(line)}}, nil
			})
		if err := flowgrpc.Send(ctx, lines, upload); err != nil {
			panic(err)
		}
		res, err := upload.CloseAndRecv()
		fmt.Println(res.GetAggregatedPayloadSize(), err)
	})
	// Output: 3 <nil>
}

func ExampleClientKey() {
	key := flowgrpc.ClientKey(netip.MustParsePrefix("10.0.0.0/8"))
	call := func(from string) context.Context {
		ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("x-forwarded-for", "198.51.100.7"))
		return peer.NewContext(ctx, &peer.Peer{Addr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))})
	}
	fmt.Println(key(call("192.0.2.1:4711"), "/greeter.Greeter/Hello")) // a stranger's word
	fmt.Println(key(call("10.0.0.1:4711"), "/greeter.Greeter/Hello"))  // a proxy's
	fmt.Println(key(call("[2001:db8:1:2::3]:4711"), "/greeter.Greeter/Hello"))
	// Output:
	// 192.0.2.1
	// 198.51.100.7
	// 2001:db8:1:2::/64
}

func ExampleDeclaredIdempotent() {
	fmt.Println(flowgrpc.DeclaredIdempotent("/grpc.testing.TestService/UnaryCall")) // its proto file does not say
	// Output: false
}
