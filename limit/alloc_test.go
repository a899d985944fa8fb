package limit_test

import (
	"context"
	"testing"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestDecisionsDoNotAllocate(t *testing.T) {
	rec := telemetrytest.New(t)
	for name, opts := range map[string][]telemetry.Option{
		"unset":  nil,
		"none":   {telemetry.WithTracerProvider(noop.NewTracerProvider()), telemetry.WithMeterProvider(metricnoop.NewMeterProvider())},
		"an SDK": rec.Options(),
	} {
		full := newBucket(t, limit.PerSecond(1e9), 1<<20, limit.WithTelemetry(opts...))
		empty := newBucket(t, limit.PerHour(1), 1, limit.WithTelemetry(opts...))
		keyed := newKeyed(t, limit.PerSecond(1e9), 1<<20, 10, limit.WithTelemetry(opts...))
		drained := newKeyed(t, limit.PerHour(1), 1, 10, limit.WithTelemetry(opts...))
		empty.Allow(t.Context())
		drained.Allow(t.Context(), "a")
		reject := limit.Reject(full)
		ctx := context.Background()
		for op, f := range map[string]func(){
			"Allow":              func() { full.Allow(ctx) },
			"Allow, denied":      func() { empty.Allow(ctx) },
			"AllowN":             func() { full.AllowN(ctx, 3) },
			"Take":               func() { _, _ = full.Take(ctx, 1) },
			"Take, denied":       func() { _, _ = empty.Take(ctx, 1) },
			"Keyed.Allow":        func() { keyed.Allow(ctx, "a") },
			"Keyed.Allow denied": func() { drained.Allow(ctx, "a") },
			"Keyed.Take":         func() { _, _ = keyed.Take(ctx, "a", 1) },
			"Keyed.Take, denied": func() { _, _ = drained.Take(ctx, "a", 1) },
			"Wait, no need to":   func() { _ = full.Wait(ctx) },
			"Reject":             func() { _ = reject.Do(ctx, done) },
			"Reject, called":     func() { _, _ = core.Call(ctx, reject, func(context.Context) (int, error) { return 1, nil }) },
		} {
			if got := testing.AllocsPerRun(100, f); got != 0 {
				t.Errorf("providers %s: %s makes %v allocations", name, op, got)
			}
		}
	}
}
