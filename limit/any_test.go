package limit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestAnyTakesFromTheFirstThatHas(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	opt := limit.WithTelemetry(rec.Options()...)
	own, pool := newBucket(t, limit.PerHour(1), 2), newBucket(t, limit.PerMinute(1), 3)
	a := must(limit.NewAny("any", []limit.Limiter{failing{}, own, pool}, opt))
	defer a.Close()
	ctx, parent := rec.StartSpan(t.Context(), "request")
	for i, want := range []bool{true, true, true, true, true, false} {
		if got := a.Allow(ctx); got != want {
			t.Errorf("request %d: %v", i, got)
		}
	}
	if d, err := a.Take(ctx, 1); err != nil || d.Allowed || d.RetryAfter > time.Minute || d.Limit != 3 {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err := a.Take(ctx, 3); err != nil || d.Allowed {
		t.Errorf("above the first's burst: %+v, %v", d, err)
	}
	parent.End()
	if own.Stats().InUse != 2 || pool.Stats().InUse != 3 {
		t.Errorf("%+v, %+v", own.Stats(), pool.Stats())
	}
	rec.RequireDeclared()
	rec.RequireSpan("allow any", allowed, one)
	rec.RequireSum("goflow.limiter.decisions", 5, allowed)
	if a.String() != `any of 3 limiters "any"` {
		t.Error(a)
	}
}

func TestAnyFailsWhenNoLimiterCanSay(t *testing.T) {
	t.Parallel()
	a := must(limit.NewAny("any", []limit.Limiter{newBucket(t, limit.PerHour(1), 2), failing{}}))
	defer a.Close()
	if _, err := a.Take(t.Context(), 3); !errors.Is(err, limit.ErrExceedsBurst) {
		t.Error(err)
	}
	for _, limiters := range [][]limit.Limiter{nil, {nil}, make([]limit.Limiter, 9)} {
		if _, err := limit.NewAny("any", limiters); !errors.Is(err, core.ErrInvalid) {
			t.Error(err)
		}
	}
	if _, err := limit.NewAnyKeyed("any", nil); !errors.Is(err, core.ErrInvalid) {
		t.Error(err)
	}
}

// newTenants makes tenants of 10/s, burst 5, in an organization of 40/s, burst 40, half of it left to
// tenants within their limits.
func newTenants(t testing.TB) (tenants *limit.AnyKeyed, org *limit.TokenBucket) {
	t.Helper()
	own, org := newKeyed(t, limit.PerSecond(10), 5, 100), newBucket(t, limit.PerSecond(40), 40)
	guaranteed := must(limit.NewAllKeyed("guaranteed", []limit.KeyedLimiter{own, limit.Shared(org)}))
	t.Cleanup(guaranteed.Close)
	tenants = must(limit.NewAnyKeyed("tenant", []limit.KeyedLimiter{guaranteed, limit.Shared(must(org.Priority(0.5)))}))
	t.Cleanup(tenants.Close)
	return tenants, org
}

func TestTenantsBorrowWhatIsSpareAndKeepWhatIsTheirs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tenants, org := newTenants(t)
		got := map[string]int{}
		for range 1000 { // 10 s
			for range 5 { // 500/s
				if tenants.Allow(t.Context(), "greedy") {
					got["greedy"]++
				}
			}
			<-time.After(10 * time.Millisecond)
		}
		if got["greedy"] < 390 || got["greedy"] > 440 {
			t.Errorf("alone, a tenant got %d of the 400 its organization has in 10 s", got["greedy"])
		}
		for i := range 1000 {
			for range 5 {
				if tenants.Allow(t.Context(), "greedy") {
					got["greedy again"]++
				}
			}
			if i%10 == 0 { // 10/s, as guaranteed
				for _, tenant := range []string{"b", "c", "d"} {
					if !tenants.Allow(t.Context(), tenant) {
						t.Errorf("tenant %s was denied what is its own: %+v", tenant, org.Stats())
					}
				}
			}
			<-time.After(10 * time.Millisecond)
		}
		if n := got["greedy again"]; n < 90 || n > 140 {
			t.Errorf("a tenant got %d besides three others, want about the 100 that are its own", n)
		}
	})
}

func TestTenantsNeverExceedTheirOrganization(t *testing.T) {
	t.Parallel()
	tenants, _ := newTenants(t)
	var got atomic.Int64
	took := hammer(128, 300*time.Millisecond, func(int) {
		if tenants.Allow(t.Context(), string(rune('a'+rand.IntN(4)))) {
			got.Add(1)
		}
	})
	requireAtMost(t, got.Load(), 40, 40, took)
}

func TestAnyDoesNotAllocate(t *testing.T) {
	tenants, _ := newTenants(t)
	if got := testing.AllocsPerRun(1000, func() { tenants.Allow(context.Background(), "a") }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func ExampleNewAny() {
	own := must(limit.NewTokenBucket("own", limit.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 2}))
	pool := must(limit.NewTokenBucket("pool", limit.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 1}))
	defer own.Close()
	defer pool.Close()
	tenant := must(limit.NewAny("tenant", []limit.Limiter{own, pool}))
	defer tenant.Close()
	ctx := context.Background()
	fmt.Println(tenant.Allow(ctx), tenant.Allow(ctx), tenant.Allow(ctx), tenant.Allow(ctx))
	// Output: true true true false
}

func ExampleNewAnyKeyed() {
	tenants := must(limit.NewKeyed("tenants", limit.KeyedConfig{Rate: limit.PerHour(1)}))
	org := must(limit.NewTokenBucket("org", limit.TokenBucketConfig{Rate: limit.PerHour(4), Burst: 4}))
	defer tenants.Close()
	defer org.Close()
	guaranteed := must(limit.NewAllKeyed("guaranteed", []limit.KeyedLimiter{tenants, limit.Shared(org)}))
	defer guaranteed.Close()
	tenant := must(limit.NewAnyKeyed("tenant", []limit.KeyedLimiter{guaranteed, limit.Shared(must(org.Priority(0.5)))}))
	defer tenant.Close()
	ctx := context.Background()
	fmt.Println("ann:", tenant.Allow(ctx, "ann"), tenant.Allow(ctx, "ann"), tenant.Allow(ctx, "ann"))
	fmt.Println("bob:", tenant.Allow(ctx, "bob"))
	// Output:
	// ann: true true false
	// bob: true
}
