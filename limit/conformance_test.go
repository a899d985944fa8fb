package limit_test

import (
	"context"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

// closer is what limiters and their keyed kin have in common.
type closer interface{ Close() }

// made gives what a constructor made, and closes it when the test ends.
func made[L closer](t *testing.T) func(l L, err error) L {
	t.Helper()
	return func(l L, err error) L {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		return l
	}
}

// usedUp is a bucket that has nothing for a year.
func usedUp(t *testing.T) *limit.TokenBucket {
	t.Helper()
	b := newBucket(t, limit.Per(1, year), 1)
	if !b.Allow(t.Context()) {
		t.Fatal("a new bucket is full")
	}
	return b
}

// asked is a limiter that remembers what it decided.
type asked struct {
	limit.Limiter
	decision limit.Decision
	err      error
}

func (a *asked) Take(ctx context.Context, n int) (limit.Decision, error) {
	a.decision, a.err = a.Limiter.Take(ctx, n)
	return a.decision, a.err
}

// underShadow is a limiter that is only asked through a shadow, which must change nothing for it.
type underShadow struct {
	t      *testing.T
	bucket limit.Limiter
}

func (u underShadow) Take(ctx context.Context, n int) (limit.Decision, error) {
	a := &asked{Limiter: u.bucket}
	shadow, err := limit.NewShadow("tried", a)
	if err != nil {
		u.t.Error(err)
	}
	defer shadow.Close()
	got, err := shadow.Take(ctx, n)
	want := a.decision
	want.Allowed, want.RetryAfter = true, 0
	if err != nil || got != want {
		u.t.Errorf("the shadow said %+v, %v; want %+v", got, err, want)
	}
	return a.decision, a.err
}

func TestLimitersConform(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		newLimiter func(t *testing.T, rate limit.Rate, burst int) limit.Limiter
		opts       []limittest.Option
	}{
		{"token bucket", func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			return newBucket(t, rate, burst)
		}, nil},
		{"token bucket with a burst of one", func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			return newBucket(t, rate, burst)
		}, []limittest.Option{limittest.Quota(limit.PerSecond(1), 1)}},
		{"token bucket with a large quota", func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			return newBucket(t, rate, burst)
		}, []limittest.Option{limittest.Quota(limit.Every(7*time.Nanosecond), 100)}},
		{"priority with no share left to others", func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			l, err := newBucket(t, rate, burst).Priority(0)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}, nil},
		{"key of a keyed limiter", func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			return newKeyed(t, rate, burst, 10).For("a")
		}, nil},
		{"leaky bucket", func(t *testing.T, rate limit.Rate, _ int) limit.Limiter {
			return made[*limit.LeakyBucket](t)(limit.NewLeakyBucket("api", limit.LeakyBucketConfig{Rate: rate}))
		}, []limittest.Option{limittest.Quota(limit.PerSecond(10), 1)}},
		{"sharded bucket", func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			return made[*limit.ShardedBucket](t)(limit.NewSharded("api", limit.ShardedConfig{Rate: rate, Burst: burst}))
		}, []limittest.Option{limittest.Quota(limit.PerSecond(100_000), 256), limittest.Approximate(128)}},
		{"all", func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			return newAll(t, []limit.Limiter{
				plain{newBucket(t, rate, burst)},
				newKeyed(t, rate, burst, 1).For("a"),
				newBucket(t, rate, burst),
				refunding{newBucket(t, rate, burst)},
			})
		}, nil},
		{"any, the first of which is used up", func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			return made[*limit.Any](t)(limit.NewAny("api", []limit.Limiter{usedUp(t), newBucket(t, rate, burst)}))
		}, nil},
		{"token bucket under a shadow", func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			return underShadow{t: t, bucket: newBucket(t, rate, burst)}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			limittest.Run(t, c.newLimiter, c.opts...)
		})
	}
}

func TestWindowsConform(t *testing.T) {
	t.Parallel()
	most := map[string]int{"fixed_window": 2, "sliding_window": 2, "sliding_log": 1}
	for _, kind := range windowKinds {
		for _, c := range []struct {
			name string
			into time.Duration // a window of the clock
		}{
			{"from the edge of a window", 0},
			{"from within a window", 170 * time.Millisecond},
			{"from the last moment of a window", 500*time.Millisecond - 1},
		} {
			t.Run(kind.name+" "+c.name, func(t *testing.T) {
				t.Parallel()
				limittest.Run(t, func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
					t.Helper()
					<-time.After(c.into)
					l, err := kind.make("api", limit.WindowConfig{Limit: burst, Window: time.Duration(burst) * rate.Interval()})
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(l.Close)
					return l
				}, limittest.Windows(most[kind.algorithm]))
			})
		}
	}
}

func TestKeyedLimitersConform(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		newLimiter func(t *testing.T, rate limit.Rate, burst int) limit.KeyedLimiter
	}{
		{"keyed", func(t *testing.T, rate limit.Rate, burst int) limit.KeyedLimiter {
			return newKeyed(t, rate, burst, 100)
		}},
		{"all keyed, within a limit for all keys", func(t *testing.T, rate limit.Rate, burst int) limit.KeyedLimiter {
			limiters := []limit.KeyedLimiter{newKeyed(t, rate, burst, 100), limit.Shared(newBucket(t, limit.Every(1), 10_000))}
			return made[*limit.AllKeyed](t)(limit.NewAllKeyed("api", limiters))
		}},
		{"any keyed, the first of which is used up", func(t *testing.T, rate limit.Rate, burst int) limit.KeyedLimiter {
			limiters := []limit.KeyedLimiter{limit.Shared(usedUp(t)), newKeyed(t, rate, burst, 100)}
			return made[*limit.AnyKeyed](t)(limit.NewAnyKeyed("api", limiters))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			limittest.RunKeyed(t, c.newLimiter)
		})
	}
}
