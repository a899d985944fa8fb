package resilience_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// to makes a policy report to rec.
func to(rec *telemetrytest.Recorder) resilience.Option {
	return resilience.WithTelemetry(rec.Options()...)
}

func TestBreakerTellsItsStateFromBirth(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	newBreaker(t, exact, to(rec))
	for state, want := range map[string]int64{"closed": 1, "open": 0, "half_open": 0} {
		s := flowconv.BreakerStateKey.String(state)
		rec.RequireSum("goflow.breaker.state", want, flowconv.BreakerNameKey.String("payments"), s)
		rec.RequireSum("goflow.breaker.transitions", 0, s)
	}
	for _, outcome := range []string{"success", "failure", "ignored", "rejected", "stale"} {
		rec.RequireSum("goflow.breaker.calls", 0, flowconv.BreakerOutcomeKey.String(outcome))
	}
	rec.RequireDeclared()
}

func TestBreakerTellsEachChangeWithWhatItHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec, ctx := telemetrytest.New(t), t.Context()
		b := newBreaker(t, exact, to(rec))
		_ = do(ctx, b, 3, well)
		_ = do(ctx, b, 3, badly)
		_ = b.Do(ctx, well)
		pass(5 * time.Second)
		_ = b.Do(ctx, badly)
		pass(5 * time.Second)
		_ = b.Do(ctx, well)
		b.ForceOpen(ctx)
		b.ForceOpen(ctx)
		b.Reset(ctx)
		want := []struct {
			state, reason         string
			calls, failures, slow int64
		}{
			{"open", "failure_rate", 6, 3, 0},
			{"half_open", "waited", 0, 0, 0},
			{"open", "probe_failed", 1, 1, 0},
			{"half_open", "waited", 0, 0, 0},
			{"closed", "probes_succeeded", 1, 0, 0},
			{"open", "forced", 0, 0, 0},
			{"open", "forced", 0, 0, 0},
			{"closed", "reset", 0, 0, 0},
		}
		if n := len(rec.Logs()); n != len(want) {
			t.Fatalf("%d events, want %d", n, len(want))
		}
		for i, e := range rec.Logs() {
			got := map[attribute.Key]attribute.Value{}
			e.WalkAttributes(func(kv attribute.KeyValue) bool { got[kv.Key] = kv.Value; return true })
			w := want[i]
			if e.EventName() != "goflow.breaker.state_change" ||
				got[flowconv.BreakerNameKey].AsString() != "payments" ||
				got[flowconv.BreakerStateKey].AsString() != w.state || got[flowconv.BreakerReasonKey].AsString() != w.reason ||
				got[flowconv.BreakerWindowCallsKey].AsInt64() != w.calls ||
				got[flowconv.BreakerWindowFailuresKey].AsInt64() != w.failures ||
				got[flowconv.BreakerWindowSlowKey].AsInt64() != w.slow {
				t.Errorf("event %d: got %v, want %+v", i, got, w)
			}
		}
		rec.RequireSum("goflow.breaker.transitions", 4, flowconv.BreakerStateKey.String("open"))
		rec.RequireSum("goflow.breaker.transitions", 2, flowconv.BreakerStateKey.String("closed"))
		rec.RequireSum("goflow.breaker.calls", 1, flowconv.BreakerOutcomeKey.String("rejected"))
		rec.RequireSum("goflow.breaker.calls", 4, flowconv.BreakerOutcomeKey.String("success"))
		rec.RequireSum("goflow.breaker.calls", 4, flowconv.BreakerOutcomeKey.String("failure"))
	})
}

func TestBreakerTellsOfTheOtherReasonsToOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		row := newBreaker(t, resilience.BreakerConfig{Consecutive: 2}, to(rec))
		_ = do(t.Context(), row, 2, badly)
		slow := newBreaker(t, resilience.BreakerConfig{MinCalls: 2, SlowCall: time.Second}, to(rec))
		_ = do(t.Context(), slow, 2, taking(time.Second, nil))
		rec.RequireEvent("goflow.breaker.state_change", flowconv.BreakerReasonKey.String("consecutive"))
		rec.RequireEvent("goflow.breaker.state_change", flowconv.BreakerReasonKey.String("slow_rate"), flowconv.BreakerWindowSlowKey.Int(2))
	})
}

func TestAttemptsAreSpansWithTheirNumbers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		r := newRetry(t, plain, to(rec))
		ctx, parent := rec.StartSpan(t.Context(), "parent")
		task := failing(errDown, errDown)
		inner := func(ctx context.Context) error {
			_, span := rec.StartSpan(ctx, "inner")
			defer span.End()
			return task.run(ctx)
		}
		if err := r.Do(ctx, inner); err != nil {
			t.Fatal(err)
		}
		parent.End()
		var end time.Time
		for n := 1; n <= 3; n++ {
			s := rec.RequireSpan("attempt payments", flowconv.RetryNameKey.String("payments"), flowconv.RetryAttemptKey.Int(n))
			if s.Parent().SpanID() != parent.SpanContext().SpanID() {
				t.Errorf("attempt %d is not a child of the caller's span", n)
			}
			if wait := s.StartTime().Sub(end); n > 1 && wait != 100*time.Millisecond<<(n-2) {
				t.Errorf("attempt %d began %v after the one before", n, wait)
			}
			end = s.EndTime()
		}
		failed := rec.RequireSpan("attempt payments", flowconv.RetryAttemptKey.Int(2), flowconv.ErrorTypeKey.String(core.TypeOther))
		if first := rec.RequireSpan("inner"); first.Parent().SpanID() == failed.SpanContext().SpanID() {
			t.Error("the first run is under the second attempt")
		}
		rec.RequireSum("goflow.retry.calls", 1, flowconv.RetryResultKey.String("recovered"))
		rec.RequireSum("goflow.retry.attempts", 2, flowconv.RetryOutcomeKey.String("failure"))
		rec.RequireSum("goflow.retry.attempts", 1, flowconv.RetryOutcomeKey.String("success"))
		rec.RequireDeclared()
	})
}

func TestNothingIsTracedWithoutAParent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		b := newBreaker(t, exact, to(rec))
		b.ForceOpen(t.Context())
		_ = b.Do(t.Context(), well)
		_ = newRetry(t, plain, to(rec)).Do(t.Context(), badly)
		_ = newHedge(t, resilience.HedgeConfig{After: 1}, to(rec)).Do(t.Context(), taking(time.Second, nil))
		synctest.Wait()
		if n := len(rec.Spans()); n != 0 {
			t.Errorf("%d spans", n)
		}
	})
}

func TestEveryNameIsDeclaredAndEmitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		ctx, parent := rec.StartSpan(t.Context(), "parent")
		s := newStandard(t, resilience.StandardConfig{Breaker: resilience.BreakerConfig{Consecutive: 1}}, to(rec))
		_ = do(ctx, s, 2, badly)
		h := newHedge(t, resilience.HedgeConfig{After: time.Second}, to(rec))
		_ = h.Do(ctx, taking(2*time.Second, errDown))
		f, err := resilience.NewFallback("prices", func(context.Context, error) error { return nil }, to(rec))
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Do(ctx, badly)
		parent.End()
		synctest.Wait()

		rejection := rec.RequireSpan("reject payments", flowconv.BreakerStateKey.String("open"))
		if rejection.Status().Description != "" {
			t.Error("a rejection is an error of its span")
		}
		rec.RequireSpan("hedge search", flowconv.HedgeRunKey.Int(2), flowconv.ErrorTypeKey.String(core.TypeOther))
		rec.RequireSum("goflow.timeout.calls", 2, flowconv.TimeoutNameKey.String("payments"))
		rec.RequireSum("goflow.timeout.calls", 1, flowconv.TimeoutNameKey.String("payments/attempt"))
		rec.RequireSum("goflow.fallback.calls", 1, flowconv.FallbackOutcomeKey.String("fallback"))
		rec.RequireSum("goflow.hedge.runs", 1, flowconv.HedgeOutcomeKey.String("started"))
		rec.RequireDeclared()
		for _, kind := range []string{"breaker", "retry", "hedge", "timeout", "fallback"} {
			rec.RequireEmitted("goflow." + kind + ".")
		}
		f.Close()
		s.Close()
		rec.RequireSum("goflow.fallback.calls", 1, flowconv.FallbackOutcomeKey.String("fallback")) // counters are kept
		rec.RequireNoMetric("goflow.breaker.state")                                                // gauges go
	})
}

func TestCountersNeverRunBackwards(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	b := newBreaker(t, resilience.BreakerConfig{Consecutive: 3, OpenFor: time.Microsecond}, to(rec))
	r := newRetry(t, resilience.RetryConfig{MaxAttempts: 2, BaseDelay: 1, MaxDelay: 1}, to(rec))
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				_ = core.Compose(r, b).Do(context.Background(), map[bool]core.Task{true: well, false: badly}[i%7 < 3])
			}
		}
	}()
	sums := map[string]float64{}
	for range 200 {
		for _, name := range []string{"goflow.breaker.calls", "goflow.breaker.transitions", "goflow.retry.calls", "goflow.retry.attempts"} {
			for _, p := range rec.Points(name) {
				key := name + p.Attributes.Encoded(attribute.DefaultEncoder())
				if p.Value < sums[key] {
					t.Fatalf("%s fell from %v to %v", key, sums[key], p.Value)
				}
				sums[key] = p.Value
			}
		}
	}
	close(stop)
	<-done
}
