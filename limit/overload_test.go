package limit_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/saturation"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// runtimeOf is a runtime that is as it is told to be.
type runtimeOf struct {
	now atomic.Pointer[saturation.Sample]
}

func (r *runtimeOf) be(s saturation.Sample) { r.now.Store(&s) }

func (r *runtimeOf) sample() saturation.Sample {
	if s := r.now.Load(); s != nil {
		return *s
	}
	return saturation.Sample{}
}

func newOverload(tb testing.TB, cfg limit.OverloadConfig, opts ...limit.Option) (*limit.Overload, *runtimeOf) {
	tb.Helper()
	r := &runtimeOf{}
	o, err := limit.NewOverloadOf("api", cfg, r.sample, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(o.Close)
	return o, r
}

// pass lets the limit look at the runtime for d.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// admitted counts which of n requests are.
func admitted(o *limit.Overload, n int, i limit.Importance) (count int) {
	ctx := limit.WithImportance(context.Background(), i)
	for range n {
		if t, err := o.Admit(ctx); err == nil {
			o.Done(t, nil)
			count++
		}
	}
	return count
}

func TestOverloadShedsInOrderOfImportanceAndRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, r := newOverload(t, limit.OverloadConfig{})
		pass(time.Second)
		if got := admitted(o, 100, limit.Sheddable); got != 100 {
			t.Errorf("at rest %d of 100 are admitted", got)
		}
		r.be(standing(time.Second))
		pass(900 * time.Millisecond)
		if s, n := admitted(o, 100, limit.Sheddable), admitted(o, 1000, limit.Normal); s != 0 || n < 500 {
			t.Errorf("after 900 ms %d of 100 that are sheddable are admitted, and %d of 1000 that are normal, want 0 and most", s, n)
		}
		pass(5 * time.Second)
		if c, n := admitted(o, 100, limit.Critical), admitted(o, 1000, limit.Normal); c != 100 || n == 0 || n > 200 {
			t.Errorf("%d of 100 that are critical are admitted, and %d of 1000 that are normal, want all and about 50", c, n)
		}
		r.be(saturation.Sample{})
		pass(1300 * time.Millisecond)
		if got := admitted(o, 100, limit.Sheddable); got != 100 || o.Pressure() > 0.1 {
			t.Errorf("after the pressure %d of 100 are admitted, pressure %v", got, o.Pressure())
		}
	})
}

func TestOverloadSaysWhyAndWhenToComeBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg    limit.OverloadConfig
		sample saturation.Sample
		want   string
	}{
		"latency":         {limit.OverloadConfig{}, standing(42 * time.Millisecond), "goroutines wait 42ms for a processor (p99), at most 20ms"},
		"memory":          {limit.OverloadConfig{}, saturation.Sample{Live: 95, MemoryLimit: 100}, "95 % of the memory limit of 100 bytes is live, at most 90 %"},
		"goroutines":      {limit.OverloadConfig{MaxGoroutines: 10}, saturation.Sample{Goroutines: 25}, "there are 25 goroutines, at most 10"},
		"hard memory":     {limit.OverloadConfig{HardMemoryShare: 0.95}, saturation.Sample{Live: 96, MemoryLimit: 100}, "96 % of the memory limit of 100 bytes is live, at most 95 %"},
		"hard goroutines": {limit.OverloadConfig{HardGoroutines: 20}, saturation.Sample{Goroutines: 25}, "there are 25 goroutines, at most 20"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, r := newOverload(t, c.cfg)
				r.be(c.sample)
				pass(20 * time.Second)
				err := o.Do(limit.WithImportance(t.Context(), limit.Sheddable), accepts)
				overloaded, ok := errors.AsType[*limit.OverloadedError](err)
				if !ok || !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeQueueFull {
					t.Fatalf("got %v of class %q", err, core.ErrorType(err))
				}
				if overloaded.Reason != c.want || overloaded.Limiter != "api" || overloaded.Importance != limit.Sheddable {
					t.Errorf("got %+v, want %q", overloaded, c.want)
				}
				after, ok := core.RetryAfter(err)
				if !ok || after < 500*time.Millisecond || after > time.Second || !strings.HasSuffix(err.Error(), "retry in "+after.String()) {
					t.Errorf("%v: come back in %v, %v", err, after, ok)
				}
			})
		})
	}
}

func TestOverloadRefusesWhatIsCriticalAtHardLimitsOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, r := newOverload(t, limit.OverloadConfig{HardMemoryShare: 0.98})
		r.be(saturation.Sample{Live: 97, MemoryLimit: 100})
		pass(time.Minute)
		if got := admitted(o, 100, limit.Critical); got != 100 {
			t.Errorf("below the hard limit %d of 100 are admitted", got)
		}
		r.be(saturation.Sample{Live: 98, MemoryLimit: 100})
		pass(50 * time.Millisecond)
		if got := admitted(o, 100, limit.Critical); got != 0 || o.Rejection(limit.Normal) != 1 {
			t.Errorf("at the hard limit %d of 100 are admitted", got)
		}
		r.be(saturation.Sample{Live: 50, MemoryLimit: 100})
		pass(50 * time.Millisecond)
		if got := admitted(o, 100, limit.Critical); got != 100 || o.Rejection(limit.Sheddable) != 1 {
			t.Errorf("just below it %d of 100 are admitted, %v of what is sheddable refused", got, o.Rejection(limit.Sheddable))
		}
	})
}

func TestOverloadIsSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		o, r := newOverload(t, limit.OverloadConfig{HardGoroutines: 1000}, limit.WithTelemetry(rec.Options()...))
		name, algorithm := flowconv.LimiterNameKey.String("api"), flowconv.LimiterAlgorithmKey.String(flowconv.LimiterAlgorithmOverload)
		state, why := flowconv.LimiterOverloadStateKey, flowconv.LimiterOverloadReasonKey
		rec.RequireSum("goflow.limiter.decisions", 0, name, algorithm, denied) // from birth
		admitted(o, 3, limit.Sheddable)
		r.be(standing(time.Second))
		pass(5 * time.Second)
		rec.RequireEvent(flowconv.EventLimiterOverloadChange, name, state.String(flowconv.LimiterOverloadStateShedding), why.String(flowconv.LimiterOverloadReasonSchedLatency))
		ctx, parent := rec.StartSpan(limit.WithImportance(t.Context(), limit.Sheddable), "request")
		if _, err := o.Admit(ctx); err == nil {
			t.Error("admitted")
		}
		parent.End()
		rec.RequireSpan("allow api", denied, one, flowconv.LimiterRetryAfterKey.Float64(0.975))
		rec.RequireSum("goflow.limiter.decisions", 3, name, algorithm, allowed)
		rec.RequireSum("goflow.limiter.decisions", 1, name, algorithm, denied)
		if p := rec.RequireMetric("goflow.limiter.pressure", name, algorithm); p.Value != 4 {
			t.Errorf("pressure is %v, want 4", p.Value)
		}
		if got := o.String(); got != `overload "api": pressure 4.00, rejects 100.0 % of sheddable, 95.0 % of normal, 0.0 % of critical` {
			t.Errorf("got %s", got)
		}
		r.be(saturation.Sample{Goroutines: 1000})
		pass(50 * time.Millisecond)
		rec.RequireEvent(flowconv.EventLimiterOverloadChange, name, state.String(flowconv.LimiterOverloadStateClosed), why.String(flowconv.LimiterOverloadReasonGoroutines))
		r.be(saturation.Sample{})
		pass(3 * time.Second)
		rec.RequireEvent(flowconv.EventLimiterOverloadChange, name, state.String(flowconv.LimiterOverloadStateNone))
		rec.RequireDeclared()
		for _, emitted := range []string{"pressure", "overload_change"} {
			rec.RequireEmitted("goflow.limiter." + emitted)
		}
		o.Close()
		rec.RequireNoMetric("goflow.limiter.pressure")
	})
}

func TestOverloadTellsOfOneEpisodeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		_, r := newOverload(t, limit.OverloadConfig{}, limit.WithTelemetry(rec.Options()...))
		for range 20 { // a signal that comes and goes
			r.be(standing(time.Second))
			pass(200 * time.Millisecond)
			r.be(saturation.Sample{})
			pass(800 * time.Millisecond)
		}
		pass(3 * time.Second)
		if got := rec.Logs(); len(got) != 2 {
			t.Errorf("%d events, want 2: %v", len(got), got)
		}
	})
}

func TestOverloadThatIsClosedRefusesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, r := newOverload(t, limit.OverloadConfig{})
		r.be(standing(time.Second))
		pass(5 * time.Second)
		o.Close()
		o.Close()
		if got := admitted(o, 100, limit.Sheddable); got != 100 || o.Pressure() != 0 {
			t.Errorf("%d of 100 are admitted", got)
		}
	})
}

func TestOverloadRefusesABadConfig(t *testing.T) {
	t.Parallel()
	_, err := limit.NewOverload("", limit.OverloadConfig{
		MaxMemoryShare: 1, MaxGoroutines: -1, HardMemoryShare: 1.1, HardGoroutines: -1, Interval: time.Minute,
	})
	for _, field := range []string{"name", "MaxMemoryShare", "MaxGoroutines", "HardMemoryShare", "HardGoroutines", "Interval"} {
		if err == nil || !strings.Contains(err.Error(), field+" must") {
			t.Errorf("%v does not name %s", err, field)
		}
	}
}

func TestAnAdmissionThatIsNotRefusedAllocatesNothing(t *testing.T) {
	o, _ := newOverload(t, limit.OverloadConfig{})
	ctx := limit.WithImportance(t.Context(), limit.Sheddable)
	if n := testing.AllocsPerRun(100, func() { _ = o.Do(ctx, accepts) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
