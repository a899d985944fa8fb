package limit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func newShadow(t testing.TB, l limit.Limiter, opts ...limit.Option) *limit.Shadow {
	t.Helper()
	s, err := limit.NewShadow("trial", l, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// failing is a limiter that cannot be reached.
type failing struct{}

func (failing) Take(context.Context, int) (limit.Decision, error) {
	return limit.Decision{}, errors.New("unreachable")
}

func TestShadowAllowsEverythingAndTellsWhatItWouldHaveDenied(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	opt := limit.WithTelemetry(rec.Options()...)
	s := newShadow(t, newBucket(t, limit.PerHour(1), 10, opt), opt)
	ctx, parent := rec.StartSpan(t.Context(), "request")
	for i := range 12 {
		d, err := s.Take(ctx, 1)
		if err != nil || !d.Allowed || d.RetryAfter != 0 || d.Remaining != max(9-i, 0) {
			t.Errorf("request %d: %+v, %v", i, d, err)
		}
	}
	if !s.Allow(ctx) {
		t.Error("denied")
	}
	if d, err := s.Take(ctx, 99); err != nil || !d.Allowed {
		t.Errorf("above the burst: %+v, %v", d, err)
	}
	if !newShadow(t, failing{}).Allow(ctx) {
		t.Error("a limiter that fails has denied")
	}
	parent.End()
	// with 1 and 0 of 10 left, it was near its limit
	if got := s.Stats(); got.Allowed != 10 || got.Denied != 4 || got.NearLimit != 2 || got.Permits != 112 {
		t.Errorf("%+v", got)
	}
	shadowed := flowconv.LimiterOutcomeKey.String(flowconv.LimiterOutcomeShadowed)
	rec.RequireDeclared()
	rec.RequireSpan("take trial", shadowed, one)
	rec.RequireSpan("allow trial", shadowed, one)
	rec.RequireSum("goflow.limiter.decisions", 4, shadowed)
	rec.RequireSum("goflow.limiter.decisions", 4, denied) // the bucket's own
	rec.RequireSum("goflow.limiter.near_limits", 2, flowconv.LimiterNameKey.String("trial"))
	rec.RequireSum("goflow.limiter.near_limits", 2, flowconv.LimiterNameKey.String("api"))
	if s.Name() != "trial" || s.String() != `shadow "trial"` {
		t.Error(s)
	}
}

func TestShadowOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := limit.NewShadow("trial", nil); !errors.Is(err, core.ErrInvalid) {
		t.Error(err)
	}
}

func TestShadowDoesNotAllocate(t *testing.T) {
	s := newShadow(t, newBucket(t, limit.PerHour(1), 100))
	if got := testing.AllocsPerRun(1000, func() { s.Allow(context.Background()) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func ExampleNewShadow() {
	bucket := must(limit.NewTokenBucket("orders", limit.TokenBucketConfig{Rate: limit.PerHour(1)}))
	defer bucket.Close()
	trial := must(limit.NewShadow("orders-trial", bucket))
	defer trial.Close()
	ctx := context.Background()
	fmt.Println(trial.Allow(ctx), trial.Allow(ctx), trial.Allow(ctx))
	fmt.Println("would have been denied:", trial.Stats().Denied)
	// Output:
	// true true true
	// would have been denied: 2
}
