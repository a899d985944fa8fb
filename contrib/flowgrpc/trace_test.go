package flowgrpc_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// traced serves s over TCP and gives a client, both of which report to rec and speak traceparent.
func traced(t *testing.T, rec *telemetrytest.Recorder, s *service, guard []flowgrpc.GuardOption, client ...flowgrpc.ClientOption) (pb.TestServiceClient, *flowgrpc.Server) {
	t.Helper()
	to, by := flowgrpc.WithTelemetry(rec.Options()...), flowgrpc.WithPropagators(propagation.TraceContext{})
	g := newGuard(t, flowgrpc.GuardConfig{}, append(guard, to, by)...)
	server := newServer(t, func(r grpc.ServiceRegistrar) { pb.RegisterTestServiceServer(r, s) }, g.ServerOptions()...)
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	return pb.NewTestServiceClient(connect(t, server.Addr().String(), newClient(t, append(client, to, by)...).DialOptions()...)), server
}

// stopped waits until the server's spans have ended.
func stopped(t *testing.T, s *flowgrpc.Server) {
	t.Helper()
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

const (
	emptyCall  = "grpc.testing.TestService/EmptyCall"
	duplexCall = "grpc.testing.TestService/FullDuplexCall"
)

// ofKind finds the spans of a kind and name.
func ofKind(rec *telemetrytest.Recorder, kind trace.SpanKind, name string) (found []sdktrace.ReadOnlySpan) {
	for _, s := range rec.Spans() {
		if s.SpanKind() == kind && s.Name() == name {
			found = append(found, s)
		}
	}
	return found
}

func TestOneCallIsOneTraceOverTCP(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(ctx context.Context, t *testing.T, c pb.TestServiceClient){
		emptyCall: func(ctx context.Context, t *testing.T, c pb.TestServiceClient) {
			if _, err := c.EmptyCall(ctx, &pb.Empty{}); err != nil {
				t.Error(err)
			}
		},
		duplexCall: func(ctx context.Context, t *testing.T, c pb.TestServiceClient) {
			s, err := c.FullDuplexCall(ctx)
			if err != nil {
				t.Fatal(err)
			}
			_ = s.CloseSend()
			_, _ = s.Recv()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := telemetrytest.New(t)
			clients, err := limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(1)}, limit.WithTelemetry(rec.Options()...))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(clients.Close)
			var inside trace.SpanContext
			s := &service{
				empty:  func(ctx context.Context) error { inside = trace.SpanContextFromContext(ctx); return nil },
				duplex: func(b duplexServer) error { inside = trace.SpanContextFromContext(b.Context()); return nil },
			}
			c, server := traced(t, rec, s, []flowgrpc.GuardOption{flowgrpc.WithLimit(clients)}, flowgrpc.WithPolicies(once(&gauge{})))
			ctx, root := rec.StartSpan(t.Context(), "root")
			call(ctx, t, c)
			root.End()
			stopped(t, server)

			sent, served := ofKind(rec, trace.SpanKindClient, name), ofKind(rec, trace.SpanKindServer, name)
			if len(sent) != 1 || len(served) != 1 {
				t.Fatalf("%d client and %d server spans, want 1 and 1", len(sent), len(served))
			}
			decision := rec.RequireSpan("take clients")
			for _, step := range []struct{ span, parent trace.SpanContext }{
				{sent[0].Parent(), root.SpanContext()},
				{served[0].Parent(), sent[0].SpanContext()},
				{decision.Parent(), served[0].SpanContext()},
				{inside, served[0].SpanContext()},
			} {
				if step.span.TraceID() != root.SpanContext().TraceID() || step.span.SpanID() != step.parent.SpanID() {
					t.Errorf("a span is under %v, want %v", step.span.SpanID(), step.parent.SpanID())
				}
			}
		})
	}
}

func TestTheServerSpanSaysWhyACallWasRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		opt  flowgrpc.GuardOption
		code string
		want string
	}{
		{"its quota", flowgrpc.WithLimit(fakeLimiter{}), "RESOURCE_EXHAUSTED", core.TypeRateLimited},
		{"an open breaker", flowgrpc.WithPolicies(refusing(&resilience.OpenError{})), "UNAVAILABLE", core.TypeBreakerOpen},
		{"a full queue", flowgrpc.WithPolicies(refusing(&limit.FullError{})), "UNAVAILABLE", core.TypeQueueFull},
		{"a panic", nil, "INTERNAL", core.TypePanic},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rec := telemetrytest.New(t)
			client, server := traced(t, rec, &service{empty: func(context.Context) error { panic("secret") }}, []flowgrpc.GuardOption{c.opt})
			if _, err := client.EmptyCall(t.Context(), &pb.Empty{}); err == nil {
				t.Error("the call was not refused")
			}
			stopped(t, server)
			span := rec.RequireSpan(emptyCall, attribute.String("error.type", c.want), attribute.String("rpc.response.status_code", c.code))
			if span.SpanKind() != trace.SpanKindServer {
				t.Errorf("error.type is on a %v span", span.SpanKind())
			}
			if got := span.Status().Code; got != otelcodes.Error && c.code != "RESOURCE_EXHAUSTED" {
				t.Errorf("the span's status is %v, want an error", got)
			}
			rec.RequireMetric("rpc.server.call.duration", attribute.String("rpc.response.status_code", c.code))
		})
	}
}

func TestEachAttemptHasASpanAndANumber(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	runs := 0
	c, server := traced(t, rec, &service{empty: func(context.Context) error {
		if runs++; runs < 3 {
			return status.Error(codes.Unavailable, "x")
		}
		return nil
	}}, nil, flowgrpc.WithIdempotent(always), flowgrpc.WithPolicies(newRetry(t, resilience.RetryConfig{})))
	ctx, root := rec.StartSpan(t.Context(), "root")
	if _, err := c.EmptyCall(ctx, &pb.Empty{}); err != nil {
		t.Error(err)
	}
	root.End()
	stopped(t, server)
	sent := ofKind(rec, trace.SpanKindClient, emptyCall)
	if len(sent) != 3 || len(ofKind(rec, trace.SpanKindServer, emptyCall)) != 3 {
		t.Fatalf("%d client spans, want 3", len(sent))
	}
	for i, span := range sent {
		number := int64(1)
		for _, a := range span.Attributes() {
			if a.Key == "goflow.retry.attempt" {
				number = a.Value.AsInt64()
			}
		}
		if number != int64(i+1) {
			t.Errorf("span %d has number %d", i, number)
		}
	}
}
