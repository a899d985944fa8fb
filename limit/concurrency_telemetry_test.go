package limit_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestConcurrencyTellsWhatItDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 2}, limit.WithTelemetry(rec.Options()...))
		name := flowconv.LimiterNameKey.String("db")
		algorithm := flowconv.LimiterAlgorithmKey.String(flowconv.LimiterAlgorithmConcurrency)
		if got := rec.RequireMetric("goflow.limiter.decisions", name, algorithm, denied); got.Value != 0 {
			t.Errorf("at birth: %v", got)
		}
		ctx, parent := rec.StartSpan(t.Context(), "request")
		c.TryAcquire(ctx, 2)
		c.TryAcquire(ctx, 1)
		short, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		if err := c.Acquire(short, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.AfterFunc(time.Second, func() { c.Release(1) })
		if err := c.Acquire(ctx, 1); err != nil {
			t.Error(err)
		}
		_ = c.Acquire(ctx, 3)
		waiting, leave := context.WithCancel(ctx)
		go func() { _ = c.Acquire(waiting, 1) }()
		synctest.Wait()
		if err := errors.Join(c.SetLimit(ctx, 3-1), c.SetLimit(ctx, 1)); err != nil {
			t.Error(err)
		}
		for metric, want := range map[string]float64{
			"goflow.limiter.permit.usage": 2, "goflow.limiter.permit.limit": 1,
			"goflow.limiter.queue.size": 1, "goflow.limiter.permits": 3,
		} {
			if got := rec.RequireMetric(metric, name, algorithm); got.Value != want {
				t.Errorf("%s is %v, want %v", metric, got.Value, want)
			}
		}
		leave()
		synctest.Wait()
		c.Release(2)
		c.Release(1)
		c.Release(1)
		parent.End()

		for outcome, want := range map[string]float64{"allowed": 1, "denied": 2, "delayed": 1, "cancelled": 2} {
			got := rec.RequireMetric("goflow.limiter.decisions", name, flowconv.LimiterOutcomeKey.String(outcome))
			if got.Value != want {
				t.Errorf("%s: %v, want %v", outcome, got.Value, want)
			}
		}
		if got := rec.RequireMetric("goflow.limiter.wait.duration", name, flowconv.ErrorTypeKey.String("timeout")); got.Count != 1 || got.Sum != 1 {
			t.Errorf("waited %+v", got)
		}
		if span := rec.RequireSpan("acquire db", algorithm, denied, one); span.Status().Code == codes.Error {
			t.Error("that there is no room is no error of the span")
		}
		if span := rec.RequireSpan("acquire db", cancelled, flowconv.ErrorTypeKey.String("timeout")); span.EndTime().Sub(span.StartTime()) != time.Second {
			t.Error("the span is not as long as the wait")
		}
		rec.RequireSpan("acquire db", delayed, one)
		rec.RequireSpan("acquire db", allowed, flowconv.LimiterPermitsKey.Int(2))
		rec.RequireDeclared()
		rec.RequireEmitted("goflow.limiter.limit_change")
		rec.RequireEmitted("goflow.limiter.over_release")
		if got := len(rec.Logs()); got != 2 {
			t.Errorf("%d events, want one of each", got)
		}
	})
}

// Not parallel: it counts allocations.
func TestInflightLimitsDoNotAllocate(t *testing.T) {
	ctx := context.Background()
	for name, opts := range map[string][]telemetry.Option{"unset": nil, "an SDK": telemetrytest.New(t).Options()} {
		to := limit.WithTelemetry(opts...)
		roomy := newConcurrency(t, limit.ConcurrencyConfig{Limit: 10}, to)
		full := newConcurrency(t, limit.ConcurrencyConfig{Limit: 1}, to)
		full.TryAcquire(ctx, 1)
		adaptive := newAdaptive(t, limit.AdaptiveConfig{}, to)
		closed := newAdaptive(t, limit.AdaptiveConfig{Max: 1}, to)
		_, _ = closed.Admit(ctx)
		throttle := newThrottle(t, limit.ThrottleConfig{}, to)
		rejecting := newThrottle(t, limit.ThrottleConfig{}, to)
		rejecting.Force(0.5, func() float64 { return 0 })
		task := func(context.Context) error { return nil }
		for op, f := range map[string]func(){
			"Acquire":            func() { _ = roomy.Acquire(ctx, 2); roomy.Release(2) },
			"TryAcquire":         func() { roomy.TryAcquire(ctx, 1); roomy.Release(1) },
			"TryAcquire, denied": func() { full.TryAcquire(ctx, 1) },
			"Do":                 func() { _ = roomy.Do(ctx, task) },
			"Do, denied":         func() { _ = full.Do(ctx, task) },
			"Adaptive":           func() { _ = adaptive.Do(ctx, task) },
			"Adaptive, denied":   func() { _ = closed.Do(ctx, task) },
			"Throttle":           func() { _ = throttle.Do(ctx, task) },
			"Throttle, denied":   func() { _ = rejecting.Do(ctx, task) },
		} {
			if got := testing.AllocsPerRun(100, f); got != 0 {
				t.Errorf("%s, telemetry %s: %v allocations", op, name, got)
			}
		}
	}
}
