package flowgrpc_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
)

// BenchmarkUnary shows what each part adds to an empty call in memory.
func BenchmarkUnary(b *testing.B) {
	tracers, meters := tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider()
	to := flowgrpc.WithTelemetry(telemetry.WithTracerProvider(tracers), telemetry.WithMeterProvider(meters))
	otel := []otelgrpc.Option{otelgrpc.WithTracerProvider(tracers), otelgrpc.WithMeterProvider(meters)}
	all := limit.KeyedConfig{Rate: limit.PerSecond(1e9), Burst: 1e9}
	bucket, err := limit.NewTokenBucket("global", limit.TokenBucketConfig{Rate: all.Rate, Burst: all.Burst})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(bucket.Close)
	standard, err := resilience.NewStandard("calls", resilience.StandardConfig{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(standard.Close)
	limited := flowgrpc.WithLimit(newKeyed(b, "clients", all))
	denied := flowgrpc.WithLimit(newKeyed(b, "denied", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 1}))
	policy := flowgrpc.WithPolicies(limit.Reject(bucket))
	guard := func(opts ...flowgrpc.GuardOption) []grpc.ServerOption {
		return newGuard(b, flowgrpc.GuardConfig{}, append(opts, to)...).ServerOptions()
	}
	for _, c := range []struct {
		name   string
		server []grpc.ServerOption
		client []grpc.DialOption
		want   codes.Code
	}{
		{"bare", nil, nil, codes.OK},
		{"otelgrpc", []grpc.ServerOption{grpc.StatsHandler(otelgrpc.NewServerHandler(otel...))}, nil, codes.OK},
		{"guard", guard(), nil, codes.OK},
		{"guard/limit", guard(limited), nil, codes.OK},
		{"guard/limit+policy", guard(limited, policy), nil, codes.OK},
		{"guard/denied", guard(denied), nil, codes.ResourceExhausted},
		{"client", nil, newClient(b, to).DialOptions(), codes.OK},
		{"client/policy", nil, newClient(b, to, policy).DialOptions(), codes.OK},
		{"client/standard", nil, newClient(b, to, flowgrpc.WithPolicies(standard)).DialOptions(), codes.OK},
	} {
		b.Run(c.name, func(b *testing.B) {
			client := serve(b, &service{}, c.server, c.client...)
			in := &pb.Empty{}
			_, _ = client.EmptyCall(b.Context(), in) // connects, and uses up what is denied
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.EmptyCall(b.Context(), in); status.Code(err) != c.want {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGuard shows what the interceptor alone costs, without a transport.
func BenchmarkGuard(b *testing.B) {
	all := limit.KeyedConfig{Rate: limit.PerSecond(1e9), Burst: 1e9}
	limited := flowgrpc.WithLimit(newKeyed(b, "clients", all))
	ctx := from(tcp("192.0.2.1:1"))
	info := &grpc.UnaryServerInfo{FullMethod: "/grpc.testing.TestService/EmptyCall"}
	out := &pb.Empty{}
	handler := func(context.Context, any) (any, error) { return out, nil }
	for name, opts := range map[string][]flowgrpc.GuardOption{
		"bare":   nil,
		"limit":  {limited},
		"policy": {flowgrpc.WithPolicies(&gauge{})},
	} {
		g := newGuard(b, flowgrpc.GuardConfig{}, opts...)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.Unary(ctx, nil, info, handler); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
