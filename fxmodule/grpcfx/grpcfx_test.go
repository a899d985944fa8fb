package grpcfx_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/fxmodule/grpcfx"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

var free = grpcfx.Config{Server: flowgrpc.ServerConfig{Addr: "127.0.0.1:0"}}

// registers makes an application's service as a function.
func registers() func(grpc.ServiceRegistrar) {
	return func(r grpc.ServiceRegistrar) { pb.RegisterTestServiceServer(r, &greeter{}) }
}

// populate sets v to what has the name.
func populate[T any](name string, v *T) fx.Option {
	return fx.Populate(fx.Annotate(v, fx.ParamTags(`name:"`+name+`"`)))
}

func start(t *testing.T, opts ...fx.Option) *fx.App {
	t.Helper()
	a := fx.New(fx.NopLogger, fx.Options(opts...))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) })
	return a
}

func stop(t *testing.T, a *fx.App) {
	t.Helper()
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func dial(t *testing.T, s *flowgrpc.Server) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(s.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func call(t *testing.T, conn *grpc.ClientConn) error {
	t.Helper()
	_, err := pb.NewTestServiceClient(conn).EmptyCall(t.Context(), &pb.Empty{})
	return err
}

func TestServersServeTheirServicesFromStartToStop(t *testing.T) {
	t.Parallel()
	var api, web *flowgrpc.Server
	a := start(t,
		grpcfx.AsService("api", registers), grpcfx.Serve("api", free), populate("api", &api),
		grpcfx.AsService("web", func() *greeter { return &greeter{} }), grpcfx.Serve("web", free), populate("web", &web),
	)
	for _, s := range []*flowgrpc.Server{api, web} {
		if err := call(t, dial(t, s)); err != nil {
			t.Error(err)
		}
	}
	stop(t, a)
	var d net.Dialer
	if _, err := d.DialContext(t.Context(), "tcp", api.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the stop: %v, want refused", err)
	}
}

func TestTheHealthServiceAnswersFromTheApplicationsRegistry(t *testing.T) {
	t.Parallel()
	var api *flowgrpc.Server
	var registry *health.Registry
	a := start(t, healthfx.Module, grpcfx.Serve("api", free), populate("api", &api), fx.Populate(&registry))
	client := healthpb.NewHealthClient(dial(t, api))
	for state, want := range map[health.State]healthpb.HealthCheckResponse_ServingStatus{
		health.Ready:    healthpb.HealthCheckResponse_SERVING,
		health.Draining: healthpb.HealthCheckResponse_NOT_SERVING,
	} {
		registry.SetState(state)
		res, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil || res.GetStatus() != want {
			t.Errorf("%v: got %v (%v), want %v", state, res.GetStatus(), err, want)
		}
	}
	stop(t, a)
}

func TestTheHealthServiceCanBeLeftOut(t *testing.T) {
	t.Parallel()
	var api *flowgrpc.Server
	without := free
	without.NoHealth = true
	a := start(t, healthfx.Module, grpcfx.Serve("api", without), populate("api", &api))
	_, err := healthpb.NewHealthClient(dial(t, api)).Check(t.Context(), &healthpb.HealthCheckRequest{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v, want Unimplemented", err)
	}
	stop(t, a)
}

func TestOptionsFromTheGraphReachTheirServer(t *testing.T) {
	t.Parallel()
	var api, web *flowgrpc.Server
	a := start(t, fx.Supply("all"),
		grpcfx.AsGuardOption("api", func(name string) flowgrpc.GuardOption {
			return flowgrpc.WithPolicies(core.PolicyFunc(func(context.Context, core.Task) error {
				return &limit.RejectedError{Limiter: name}
			}))
		}),
		grpcfx.AsServerOption("web", func(name string) grpc.ServerOption {
			return grpc.ChainUnaryInterceptor(func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
				return nil, status.Error(codes.DataLoss, name)
			})
		}),
		grpcfx.AsService("api", registers), grpcfx.Serve("api", free), populate("api", &api),
		grpcfx.AsService("web", registers), grpcfx.Serve("web", free), populate("web", &web),
	)
	for want, s := range map[codes.Code]*flowgrpc.Server{codes.ResourceExhausted: api, codes.DataLoss: web} {
		if err := call(t, dial(t, s)); status.Code(err) != want {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	stop(t, a)
}

func TestAClientCallsUnderItsPoliciesAndIsClosedOnStop(t *testing.T) {
	t.Parallel()
	var api *flowgrpc.Server
	server := start(t, grpcfx.AsService("api", registers), grpcfx.Serve("api", free), populate("api", &api))
	calls, attempts := 0, 0
	var conn *grpc.ClientConn
	a := start(t, fx.Supply(&calls),
		grpcfx.Client("payments", grpcfx.ClientConfig{Target: api.Addr().String(), Plaintext: true}),
		grpcfx.AsClientOption("payments", func(n *int) flowgrpc.ClientOption {
			return flowgrpc.WithPolicies(core.PolicyFunc(func(ctx context.Context, task core.Task) error { *n++; return task(ctx) }))
		}),
		grpcfx.AsDialOption("payments", func() grpc.DialOption {
			return grpc.WithChainUnaryInterceptor(func(
				ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption,
			) error {
				attempts++
				return invoker(metadata.AppendToOutgoingContext(ctx, "a", "b"), method, req, reply, cc, opts...)
			})
		}),
		populate("payments", &conn),
	)
	if err := call(t, conn); err != nil || calls != 1 || attempts != 1 {
		t.Errorf("%d calls, %d attempts (%v), want 1 and 1", calls, attempts, err)
	}
	stop(t, a)
	if got := conn.GetState(); got != connectivity.Shutdown {
		t.Errorf("the connection is %v, want it shut down", got)
	}
	stop(t, server)
}

func TestTheTraceGoesFromClientToServerOverTCP(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	var api *flowgrpc.Server
	var conn *grpc.ClientConn
	otel := fx.Provide(
		func() trace.TracerProvider { return rec.TracerProvider() },
		func() metric.MeterProvider { return rec.MeterProvider() },
		func() propagation.TextMapPropagator { return propagation.TraceContext{} },
	)
	server := start(t, otel, grpcfx.AsService("api", registers), grpcfx.Serve("api", free), populate("api", &api))
	client := start(t, otel, grpcfx.Client("payments", grpcfx.ClientConfig{Target: api.Addr().String(), Plaintext: true}), populate("payments", &conn))
	if err := call(t, conn); err != nil {
		t.Fatal(err)
	}
	stop(t, client)
	stop(t, server)
	spans := rec.Spans()
	if len(spans) != 2 || spans[0].SpanContext().TraceID() != spans[1].SpanContext().TraceID() {
		t.Errorf("%d spans, want the client's and the server's in one trace", len(spans))
	}
}

func TestAnAddressInUseFailsTheStart(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	a := fx.New(fx.NopLogger, grpcfx.Serve("api", grpcfx.Config{Server: flowgrpc.ServerConfig{Addr: taken.Addr().String()}}))
	if err := a.Start(t.Context()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Start = %v, want address in use", err)
	}
	_ = a.Stop(t.Context())
}

func TestWhatIsWrongIsAnErrorOfTheApplicationThatNamesIt(t *testing.T) {
	t.Parallel()
	var conn *grpc.ClientConn
	for name, c := range map[string]struct {
		opt  fx.Option
		want string
	}{
		"a server without an address":   {grpcfx.Serve("api", grpcfx.Config{}), `grpcfx: "api": Addr must be host:port`},
		"a limit that is not there":     {grpcfx.Serve("api", grpcfx.Config{Server: free.Server, Limit: "none"}), `name="none"`},
		"a client without a target":     {fx.Options(grpcfx.Client("payments", grpcfx.ClientConfig{}), populate("payments", &conn)), `grpcfx: "payments": Target must not be empty`},
		"a service that registers none": {grpcfx.AsService("api", func() int { return 1 }), "grpcfx: AsService wants a function that returns a func(grpc.ServiceRegistrar)"},
		"a service that is nil":         {grpcfx.AsService("api", nil), "or something with a method Register"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.New(fx.NopLogger, c.opt).Err()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Err = %v, want %q", err, c.want)
			}
		})
	}
}
