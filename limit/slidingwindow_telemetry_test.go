package limit_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestWindowsAreMeteredAndTraced(t *testing.T) {
	t.Parallel()
	for _, kind := range windowKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rec := telemetrytest.New(t)
				l, err := kind.make("api", limit.WindowConfig{Limit: 3, Window: time.Minute}, limit.WithTelemetry(rec.Options()...))
				if err != nil {
					t.Fatal(err)
				}
				algorithm := flowconv.LimiterAlgorithmKey.String(kind.algorithm)
				rec.RequireSum("goflow.limiter.decisions", 0, algorithm, denied) // from birth
				l.Allow(t.Context())
				if len(rec.Spans()) != 0 {
					t.Error("a span without a recording parent")
				}
				ctx, parent := rec.StartSpan(t.Context(), "request")
				l.AllowN(ctx, 2)
				_, _ = l.Take(ctx, 1)
				_, _ = l.Take(ctx, 4)
				parent.End()
				rec.RequireSpan("allow api", algorithm, allowed, flowconv.LimiterPermitsKey.Int(2))
				retry := 60.0
				if kind.algorithm == "sliding_window" {
					retry = 80 // when a third of the next window has passed, one of three is free
				}
				rec.RequireSpan("take api", algorithm, denied, one, flowconv.LimiterRetryAfterKey.Float64(retry))
				rec.RequireSpan("take api", algorithm, denied, flowconv.ErrorTypeKey.String("invalid"))
				rec.RequireSum("goflow.limiter.decisions", 2, algorithm, allowed)
				rec.RequireSum("goflow.limiter.decisions", 2, algorithm, denied)
				rec.RequireSum("goflow.limiter.permits", 3, algorithm)
				rec.RequireSum("goflow.limiter.permit.usage", 3, algorithm)
				rec.RequireSum("goflow.limiter.permit.limit", 3, algorithm)
				rec.RequireDeclared()
				if s := l.Stats(); s.Allowed != 2 || s.Denied != 2 || s.Permits != 3 || s.InUse != 3 || s.Burst != 3 {
					t.Errorf("%+v", s)
				}
				l.Close()
				l.Close()
				rec.RequireSum("goflow.limiter.permits", 3, algorithm)
				rec.RequireNoMetric("goflow.limiter.permit.usage")
			})
		})
	}
}

func TestLeakyBucketIsMeteredAndTraced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		l := newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerSecond(1)}, limit.WithTelemetry(rec.Options()...))
		algorithm := flowconv.LimiterAlgorithmKey.String("leaky_bucket")
		ctx, parent := rec.StartSpan(t.Context(), "request")
		l.Allow(ctx)
		_, _ = l.Take(ctx, 1)
		if err := l.WaitN(ctx, 2); err != nil {
			t.Error(err)
		}
		parent.End()
		rec.RequireSpan("allow api", algorithm, allowed, one)
		rec.RequireSpan("take api", algorithm, denied, flowconv.LimiterRetryAfterKey.Float64(1))
		rec.RequireSpan("wait api", algorithm, delayed, flowconv.LimiterPermitsKey.Int(2))
		for _, outcome := range []string{"allowed", "denied", "delayed"} {
			rec.RequireSum("goflow.limiter.decisions", 1, algorithm, flowconv.LimiterOutcomeKey.String(outcome))
		}
		rec.RequireSum("goflow.limiter.permits", 3, algorithm)
		rec.RequireCount("goflow.limiter.wait.duration", 1, algorithm)
		rec.RequireSum("goflow.limiter.queue.size", 0, algorithm)
		rec.RequireDeclared()
		l.Close()
		l.Close()
		rec.RequireNoMetric("goflow.limiter.permit.usage")
	})
}

func TestWindowsAndLeakyBucketsDoNotAllocate(t *testing.T) {
	rec := telemetrytest.New(t)
	ctx := context.Background()
	for name, opts := range map[string][]telemetry.Option{
		"none":   {telemetry.WithTracerProvider(noop.NewTracerProvider()), telemetry.WithMeterProvider(metricnoop.NewMeterProvider())},
		"an SDK": rec.Options(),
	} {
		limiters := map[string]asker{
			"leaky bucket":         newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerSecond(1e9)}, limit.WithTelemetry(opts...)),
			"leaky bucket, denied": newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerHour(1)}, limit.WithTelemetry(opts...)),
		}
		for _, kind := range windowKinds {
			for suffix, cfg := range map[string]limit.WindowConfig{
				"":               {Limit: 1 << 20, Window: time.Hour},
				", denied":       {Limit: 1, Window: time.Hour},
				", new each 1ms": {Limit: 10, Window: time.Millisecond},
			} {
				l, err := kind.make("api", cfg, limit.WithTelemetry(opts...))
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				limiters[kind.name+suffix] = l
			}
		}
		for what, l := range limiters {
			l.Allow(ctx)
			for op, f := range map[string]func(){
				"Allow":  func() { l.Allow(ctx) },
				"AllowN": func() { l.AllowN(ctx, 3) },
				"Take":   func() { _, _ = l.Take(ctx, 1) },
			} {
				if got := testing.AllocsPerRun(1000, f); got != 0 {
					t.Errorf("providers %s: %s of a %s makes %v allocations", name, op, what, got)
				}
			}
		}
	}
}
