package resilience_test

import (
	"context"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/ratelimiter"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// The stacks let a billion calls a second through, and a hundred at the same time.
const (
	rate        = 1e9
	concurrency = 100
)

// BenchmarkStack puts a rate limit, a breaker and a bulkhead around a call that gives a value.
func BenchmarkStack(b *testing.B) {
	calls(b, []guard{
		{"goflow-metered", func(tb testing.TB, w *work) func() bool {
			stack, ctx, load := newStack(tb), context.Background(), w.load
			return func() bool {
				_, err := core.Call(ctx, stack, load)
				return err == nil
			}
		}},
		{"failsafe", func(_ testing.TB, w *work) func() bool {
			executor, get := failsafe.With(
				ratelimiter.NewBursty[int](rate, time.Second), newFailsafe(), bulkhead.New[int](concurrency)), w.get
			return func() bool {
				_, err := executor.Get(get)
				return err == nil
			}
		}},
	})
}

func newStack(tb testing.TB) core.Policy {
	tb.Helper()
	metered := limit.WithTelemetry(side.SDK()...)
	bucket, err := limit.NewTokenBucket("bench", limit.TokenBucketConfig{Rate: limit.PerSecond(rate), Burst: rate}, metered)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(bucket.Close)
	bulkhead, err := limit.NewConcurrency("bench", limit.ConcurrencyConfig{Limit: concurrency}, metered)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(bulkhead.Close)
	return core.Compose(limit.Reject(bucket), newBreaker(tb), bulkhead)
}
