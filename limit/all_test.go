package limit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func newAll(t testing.TB, limiters []limit.Limiter, opts ...limit.Option) *limit.All {
	t.Helper()
	a, err := limit.NewAll("all", limiters, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// plain is a limiter that cannot take back.
type plain struct{ limit.Limiter }

// refunding is a refunder of another package.
type refunding struct{ limit.Refunder }

// TestAllDecidesAsItsModels compares with models of which all are asked first.
func TestAllDecidesAsItsModels(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		type quota struct {
			rate  limit.Rate
			burst int
		}
		var quotas []quota
		least := 1000
		for range rapid.IntRange(1, 4).Draw(rt, "limiters") {
			q := quota{rapid.SampledFrom(wholeRates[:3]).Draw(rt, "rate"), rapid.IntRange(1, 20).Draw(rt, "burst")}
			least, quotas = min(least, q.burst), append(quotas, q)
		}
		type step struct {
			wait time.Duration
			n    int
		}
		var steps []step
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			steps = append(steps, step{time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(rt, "wait")), rapid.IntRange(1, least).Draw(rt, "n")})
		}
		var failure string
		synctest.Test(t, func(t *testing.T) {
			var limiters []limit.Limiter
			var models []*limittest.Model
			for i, q := range quotas {
				limiters = append(limiters, []limit.Limiter{
					newBucket(t, q.rate, q.burst), newKeyed(t, q.rate, q.burst, 1).For("a"),
				}[i%2])
				models = append(models, limittest.NewModel(q.rate, q.burst))
			}
			a := newAll(t, limiters)
			began := time.Now()
			for _, s := range steps {
				<-time.After(s.wait)
				want := limit.Decision{Allowed: true}
				for _, m := range models {
					probe := m.Take(time.Since(began), s.n)
					if probe.Allowed {
						m.Return(time.Since(began), s.n)
					}
					want.Allowed = want.Allowed && probe.Allowed
					want.RetryAfter = max(want.RetryAfter, probe.RetryAfter)
				}
				if want.Allowed {
					for _, m := range models {
						m.Take(time.Since(began), s.n)
					}
				}
				if d, err := a.Take(t.Context(), s.n); err != nil || d.Allowed != want.Allowed || d.RetryAfter != want.RetryAfter {
					failure = fmt.Sprintf("after %v: Take(%d) gave %+v, %v; want %+v", time.Since(began), s.n, d, err, want)
					return
				}
			}
		})
		if failure != "" {
			rt.Fatal(failure)
		}
	})
}

func TestAllGivesBackWhatSomeGave(t *testing.T) {
	t.Parallel()
	a, b := newBucket(t, limit.PerHour(1), 5), newBucket(t, limit.PerHour(1), 1)
	k := newKeyed(t, limit.PerHour(1), 5, 10)
	last := newBucket(t, limit.PerHour(1), 5)
	all := newAll(t, []limit.Limiter{plain{last}, a, k.For("x"), b})
	for i, want := range []bool{true, false, false} {
		if got := all.Allow(t.Context()); got != want {
			t.Errorf("request %d: %v", i, got)
		}
	}
	if a.Stats().InUse != 1 || b.Stats().InUse != 1 || last.Stats().InUse != 1 {
		t.Errorf("%+v, %+v, %+v", a.Stats(), b.Stats(), last.Stats())
	}
	if d, err := k.Take(t.Context(), "x", 4); err != nil || !d.Allowed {
		t.Errorf("the key's permits are not back: %+v, %v", d, err)
	}
	if s := a.Stats(); s.Refunded != 2 {
		t.Errorf("%+v", s)
	}
	if _, err := all.Take(t.Context(), 5); !errors.Is(err, limit.ErrExceedsBurst) {
		t.Errorf("above one's burst: %v", err)
	}
	if a.Stats().InUse != 1 {
		t.Error("an error took permits")
	}
	if s := all.Stats(); s.Allowed != 1 || s.Denied != 3 || s.Permits != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAllHoldsEachLimitAgainstManyGoroutines(t *testing.T) {
	t.Parallel()
	a, k := newBucket(t, limit.PerSecond(10_000), 100), newKeyed(t, limit.PerSecond(3000), 20, 10)
	all := must(limit.NewAllKeyed("all", []limit.KeyedLimiter{limit.Shared(a), k}))
	defer all.Close()
	keys := []string{"a", "b", "c", "d"}
	var got [4]atomic.Int64
	enough := func() bool { return all.Stats().Allowed >= 2000 }
	took := hammerUntil(enough, 256, 500*time.Millisecond, func(int) {
		if i := rand.IntN(len(keys)); all.Allow(t.Context(), keys[i]) {
			got[i].Add(1)
		}
	})
	var sum int64
	for i := range got {
		requireAtMost(t, got[i].Load(), 3000, 20, took)
		sum += got[i].Load()
	}
	requireAtMost(t, sum, 10_000, 100, took)
	if s := all.Stats(); s.Allowed != sum || sum < 2000 {
		t.Errorf("%d allowed, %+v", sum, s)
	}
}

func TestAllRefusesWhatItCannotAsk(t *testing.T) {
	t.Parallel()
	b := newBucket(t, limit.PerHour(1), 5)
	for name, c := range map[string]struct {
		limiters []limit.Limiter
		want     string
	}{
		"none":                          {nil, "must be 1 to 8"},
		"nine":                          {[]limit.Limiter{b, b, b, b, b, b, b, b, b}, "must be 1 to 8"},
		"nil":                           {[]limit.Limiter{b, nil}, "must not be nil"},
		"two that cannot take back":     {[]limit.Limiter{plain{b}, b, plain{b}}, "at most one may lack Refund"},
		"an All, and another like that": {[]limit.Limiter{newAll(t, []limit.Limiter{b}), plain{b}}, "at most one may lack Refund"},
	} {
		if _, err := limit.NewAll("all", c.limiters); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, c.want)
		}
	}
	if _, err := limit.NewAllKeyed("all", []limit.KeyedLimiter{nil}); !errors.Is(err, core.ErrInvalid) {
		t.Error(err)
	}
}

func TestAllTellsItsDecisions(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	opt := limit.WithTelemetry(rec.Options()...)
	b := newBucket(t, limit.PerHour(1), 1, opt)
	all := newAll(t, []limit.Limiter{b, newBucket(t, limit.PerHour(1), 2)}, opt)
	keyed := must(limit.NewAllKeyed("keyed", []limit.KeyedLimiter{newKeyed(t, limit.PerHour(1), 1, 5)}, opt))
	defer keyed.Close()
	ctx, parent := rec.StartSpan(t.Context(), "request")
	all.Allow(ctx)
	if d, err := all.Take(ctx, 1); err != nil || d.Allowed {
		t.Errorf("%+v, %v", d, err)
	}
	keyed.Allow(ctx, "a")
	_, r, _ := b.TakeRefundable(ctx, 1)
	b.Refund(ctx, r, 1) // nothing was taken
	_, r, _ = newBucket(t, limit.PerHour(1), 1, opt).TakeRefundable(ctx, 1)
	b.Refund(ctx, r, 1) // another's
	parent.End()
	rec.RequireDeclared()
	rec.RequireSpan("allow all", allowed, one)
	rec.RequireSpan("take all", denied, one)
	rec.RequireEmitted("goflow.limiter.refunds")
	rec.RequireSum("goflow.limiter.refunds", 0)
	if all.Name() != "all" || all.String() != `all of 2 limiters "all"` {
		t.Error(all)
	}
}

func TestAllDoesNotAllocate(t *testing.T) {
	ctx := context.Background()
	full, empty := newBucket(t, limit.PerSecond(1e9), 1<<20), newBucket(t, limit.PerHour(1), 1)
	k := newKeyed(t, limit.PerSecond(1e9), 1<<20, 10)
	empty.Allow(ctx)
	allows := newAll(t, []limit.Limiter{full, k.For("a"), plain{full}})
	denies := newAll(t, []limit.Limiter{full, k.For("a"), empty})
	keyed := must(limit.NewAllKeyed("all", []limit.KeyedLimiter{limit.Shared(full), k}))
	defer keyed.Close()
	for op, f := range map[string]func(){
		"allowed": func() { allows.Allow(ctx) },
		"denied":  func() { denies.Allow(ctx) },
		"keyed":   func() { keyed.Allow(ctx, "a") },
	} {
		if got := testing.AllocsPerRun(100, f); got != 0 {
			t.Errorf("%s: %v allocations", op, got)
		}
	}
}

func ExampleNewAll() {
	perSecond := must(limit.NewTokenBucket("second", limit.TokenBucketConfig{Rate: limit.PerSecond(10), Burst: 10}))
	perDay := must(limit.NewTokenBucket("day", limit.TokenBucketConfig{Rate: limit.Per(2, 24*time.Hour), Burst: 2}))
	defer perSecond.Close()
	defer perDay.Close()
	both := must(limit.NewAll("api", []limit.Limiter{perSecond, perDay}))
	defer both.Close()
	ctx := context.Background()
	fmt.Println(both.Allow(ctx), both.Allow(ctx), both.Allow(ctx))
	d := must(both.Take(ctx, 1))
	fmt.Println(d.Allowed, "of", d.Limit)
	// Output:
	// true true false
	// false of 2
}

func ExampleNewAllKeyed() {
	everyone := must(limit.NewTokenBucket("everyone", limit.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 3}))
	clients := must(limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 2}))
	defer everyone.Close()
	defer clients.Close()
	api := must(limit.NewAllKeyed("api", []limit.KeyedLimiter{clients, limit.Shared(everyone)}))
	defer api.Close()
	ctx := context.Background()
	for _, client := range []string{"ann", "ann", "ann", "bob", "bob"} {
		fmt.Println(client, api.Allow(ctx, client))
	}
	// Output:
	// ann true
	// ann true
	// ann false
	// bob true
	// bob false
}

func ExampleTokenBucket_Refund() {
	tokens := must(limit.NewTokenBucket("model", limit.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 1000}))
	defer tokens.Close()
	ctx := context.Background()
	_, receipt, err := tokens.TakeRefundable(ctx, 800) // the most the answer may take
	if err != nil {
		fmt.Println(err)
	}
	tokens.Refund(ctx, receipt, 800-150) // what it did not take
	fmt.Println(tokens.Stats().InUse)
	// Output: 150
}
