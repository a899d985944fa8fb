package limit_test

import (
	"context"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
	juju "github.com/juju/ratelimit"
	"github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"
	ulule "github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"
	uber "go.uber.org/ratelimit"
	"golang.org/x/time/rate"
)

func newXTime(_ testing.TB, q quota) func() bool {
	return rate.NewLimiter(rate.Limit(q.perSecond()), q.burst).Allow
}

// newFailsafeSmooth makes a limiter without bursts.
func newFailsafeSmooth(_ testing.TB, q quota) func() bool {
	return ratelimiter.NewSmoothWithMaxRate[any](q.interval()).TryAcquirePermit
}

// newFailsafeBursty makes a fixed window as long as the burst takes to come back.
func newFailsafeBursty(_ testing.TB, q quota) func() bool {
	return ratelimiter.NewBursty[any](uint(q.burst), q.interval()*time.Duration(q.burst)).TryAcquirePermit
}

// newUber makes a limiter that can only block: it is measured while it need not.
func newUber(_ testing.TB, q quota) func() bool {
	l := uber.New(q.count, uber.Per(q.period))
	return func() bool {
		l.Take()
		return true
	}
}

func newJuju(_ testing.TB, q quota) func() bool {
	bucket := newJujuBucket(q)
	return func() bool { return bucket.TakeAvailable(1) == 1 }
}

func newJujuBucket(q quota) *juju.Bucket {
	if q.count == 1 {
		return juju.NewBucket(q.period, int64(q.burst))
	}
	return juju.NewBucketWithRate(q.perSecond(), int64(q.burst))
}

// The limiters below are keyed; as one bucket they are asked about one key.

func oneKey(keyed func(testing.TB, quota, int) func(string) bool) func(testing.TB, quota) func() bool {
	return func(tb testing.TB, q quota) func() bool {
		allow := keyed(tb, q, 1)
		return func() bool { return allow("client") }
	}
}

func newThrottled(tb testing.TB, q quota, _ int) func(string) bool {
	tb.Helper()
	store, err := memstore.NewCtx(0)
	if err != nil {
		tb.Fatal(err)
	}
	l, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{
		MaxRate: throttled.PerDuration(q.count, q.period), MaxBurst: q.burst - 1,
	})
	if err != nil {
		tb.Fatal(err)
	}
	l.SetMaxCASAttemptsLimit(1 << 20) // by default it gives up after 10, with an error
	ctx := context.Background()
	return func(key string) bool {
		limited, _, err := l.RateLimitCtx(ctx, key, 1)
		return !limited && err == nil
	}
}

// newSethvargo makes a limiter that gives the burst once an interval, which is an hour at least: when
// an interval begins, a bucket gets the interval in nanoseconds divided by its tokens, not its tokens.
func newSethvargo(tb testing.TB, q quota, _ int) func(string) bool {
	tb.Helper()
	var store limiter.Store
	store, err := memorystore.New(&memorystore.Config{
		Tokens: uint64(q.burst), Interval: max(q.interval()*time.Duration(q.burst), time.Hour),
	})
	if err != nil {
		tb.Fatal(err)
	}
	ctx := context.Background()
	tb.Cleanup(func() {
		if err := store.Close(ctx); err != nil {
			tb.Error(err)
		}
	})
	return func(key string) bool {
		_, _, _, ok, err := store.Take(ctx, key)
		return ok && err == nil
	}
}

// newUlule makes a fixed window as long as the burst takes to come back.
func newUlule(_ testing.TB, q quota, _ int) func(string) bool {
	l := ulule.New(memory.NewStore(), ulule.Rate{
		Period: q.interval() * time.Duration(q.burst), Limit: int64(q.burst),
	})
	ctx := context.Background()
	return func(key string) bool {
		c, err := l.Get(ctx, key)
		return err == nil && !c.Reached
	}
}
