package limit_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func newThrottle(tb testing.TB, cfg limit.ThrottleConfig, opts ...limit.Option) *limit.Throttle {
	tb.Helper()
	th, err := limit.NewThrottle("search", cfg, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(th.Close)
	return th
}

func accepts(context.Context) error { return nil }
func rejects(context.Context) error { return core.ErrRejected }

// step lets the throttle compute with what it has counted until now.
func step(th *limit.Throttle) {
	<-time.After(100 * time.Millisecond)
	if t, err := th.Admit(context.Background()); err == nil {
		th.Done(t, nil)
	}
}

func TestThrottleRejectsWithTheProbabilityOfTheBook(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		k                float64
		requests, accept int
		want             float64
	}{
		"all accepted":               {2, 100, 100, 0},
		"half accepted":              {2, 100, 50, 0},
		"a quarter accepted":         {2, 100, 25, 50.0 / 101},
		"none accepted":              {2, 10, 0, 10.0 / 11},
		"none accepted of many":      {2, 1000, 0, 0.95},
		"too few to tell":            {2, 9, 0, 0},
		"a quarter, with K of 1":     {1, 100, 25, 75.0 / 101},
		"a quarter, with K of three": {3, 100, 25, 25.0 / 101},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				th := newThrottle(t, limit.ThrottleConfig{K: c.k})
				th.SetRandom(func() float64 { return 1 })
				for i := range c.requests {
					task := rejects
					if i < c.accept {
						task = accepts
					}
					_ = th.Do(t.Context(), task)
				}
				step(th)
				if got := th.Rejection(); math.Abs(got-c.want) > 1e-9 {
					t.Errorf("got %v, want %v", got, c.want)
				}
			})
		})
	}
}

func TestThrottleRejectsWhatFallsBelowTheProbability(t *testing.T) {
	t.Parallel()
	th := newThrottle(t, limit.ThrottleConfig{})
	next := 0.0
	th.Force(0.5, func() float64 { return next })
	for _, c := range []struct {
		random  float64
		rejects bool
	}{{0, true}, {0.499, true}, {0.5, false}, {0.999, false}} {
		next = c.random
		_, err := th.Admit(t.Context())
		var throttled *limit.ThrottledError
		if (err != nil) != c.rejects || err != nil && !errors.As(err, &throttled) {
			t.Errorf("%v: got %v", c.random, err)
		}
		if err != nil && (!errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeRateLimited) {
			t.Errorf("got %v of class %q", err, core.ErrorType(err))
		}
	}
	if s := th.Stats(); s.Allowed != 2 || s.Denied != 2 {
		t.Errorf("got %+v", s)
	}
}

func TestThrottleForgetsWhatIsOlderThanItsWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(t, limit.ThrottleConfig{})
		th.SetRandom(func() float64 { return 1 })
		for range 100 {
			_ = th.Do(t.Context(), rejects)
		}
		for range 1190 {
			if step(th); th.Rejection() == 0 {
				t.Fatal("forgotten before the window was over")
			}
			if th.Rejection() < 0.5 { // the steps are accepted: keep them rare
				break
			}
		}
		<-time.After(2 * time.Minute)
		step(th)
		if got := th.Rejection(); got != 0 {
			t.Errorf("still rejects %v", got)
		}
	})
}

func TestThrottleCountsAsRejectedWhatIsOverload(t *testing.T) {
	t.Parallel()
	other := errors.New("not found")
	for name, c := range map[string]struct {
		err  error
		opts []limit.Option
		want bool
	}{
		"rejected":           {core.ErrRejected, nil, true},
		"full":               {&limit.FullError{}, nil, true},
		"a deadline":         {context.DeadlineExceeded, nil, true},
		"given up":           {context.Canceled, nil, false},
		"invalid":            {core.ErrInvalid, nil, false},
		"a panic":            {core.ErrAborted, nil, false},
		"another":            {other, nil, false},
		"another, told so":   {other, []limit.Option{limit.WithOverload(func(err error) bool { return err == other })}, true},
		"rejected, not told": {core.ErrRejected, []limit.Option{limit.WithOverload(func(err error) bool { return err == other })}, false},
		"without an option":  {core.ErrRejected, []limit.Option{limit.WithOverload(nil)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				th := newThrottle(t, limit.ThrottleConfig{}, c.opts...)
				for range 20 {
					_ = th.Do(t.Context(), func(context.Context) error { return c.err })
				}
				step(th)
				if got := th.Rejection() > 0; got != c.want {
					t.Errorf("got %v", got)
				}
			})
		})
	}
}

func TestThrottleConfigIsChecked(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]limit.ThrottleConfig{
		"K below 1":       {K: 0.5},
		"negative K":      {K: -1},
		"no number":       {K: math.NaN()},
		"endless K":       {K: math.Inf(1)},
		"negative window": {Window: -1},
		"tiny window":     {Window: time.Millisecond},
		"long window":     {Window: math.MaxInt64},
		"negative least":  {MinRequests: -1},
		"never a probe":   {MaxRejection: 1},
		"negative most":   {MaxRejection: -0.1},
		"no number most":  {MaxRejection: math.NaN()},
	} {
		if _, err := limit.NewThrottle("search", cfg); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestThrottleKeepsABackendFromDrowningAndRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(t, limit.ThrottleConfig{Window: 10 * time.Second})
		th.SetRandom(rand.New(rand.NewPCG(1, 2)).Float64)
		var asked, left int // of the backend, in the second
		second := func(demand, capacity int) int {
			asked, left = 0, capacity
			for range demand {
				_ = th.Do(t.Context(), func(context.Context) error {
					if asked++; left == 0 {
						return core.ErrRejected
					}
					left--
					return nil
				})
				<-time.After(time.Second / time.Duration(demand))
			}
			return asked
		}
		for range 20 {
			if got := second(200, 200); got != 200 {
				t.Fatalf("a healthy backend got %d of 200 requests", got)
			}
		}
		for i := range 60 { // it can do a quarter of what is asked
			if got := second(200, 50); i > 20 && (got < 75 || got > 140) {
				t.Fatalf("second %d: a backend of 50 got %d requests, want about 100", i, got)
			}
		}
		for i := range 60 {
			if got := second(200, 0); i > 20 && got > 30 {
				t.Fatalf("second %d: a dead backend got %d requests", i, got)
			}
		}
		for range 60 {
			second(200, 200)
		}
		if got := second(200, 200); got != 200 {
			t.Errorf("a backend healthy again got %d of 200 requests", got)
		}
	})
}

func TestThrottleTellsWhatItDoes(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	th := newThrottle(t, limit.ThrottleConfig{}, limit.WithTelemetry(rec.Options()...))
	algorithm := flowconv.LimiterAlgorithmKey.String(flowconv.LimiterAlgorithmThrottle)
	ctx, parent := rec.StartSpan(t.Context(), "request")
	_ = th.Do(ctx, accepts)
	th.Force(0.5, func() float64 { return 0 })
	_ = th.Do(ctx, accepts)
	parent.End()
	for _, outcome := range []string{"allowed", "denied"} {
		key := flowconv.LimiterOutcomeKey.String(outcome)
		if got := rec.RequireMetric("goflow.limiter.decisions", algorithm, key); got.Value != 1 {
			t.Errorf("%s: %v", outcome, got)
		}
		rec.RequireSpan("allow search", algorithm, key)
	}
	rec.RequireDeclared()
}
