package resilience_test

import (
	"context"
	"testing"

	"github.com/avast/retry-go/v5"
	"github.com/cenkalti/backoff/v5"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"github.com/goflow-go/goflow/core/resilience"
)

const attempts = 3

// BenchmarkRetry puts a retry around a call whose first attempt succeeds.
func BenchmarkRetry(b *testing.B) {
	calls(b, []guard{
		{"goflow-metered", func(tb testing.TB, w *work) func() bool {
			policy, err := resilience.NewRetry("bench", resilience.RetryConfig{MaxAttempts: attempts}, metered())
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(policy.Close)
			ctx, task := context.Background(), w.task
			return func() bool { return policy.Do(ctx, task) == nil }
		}},
		{"backoff", func(_ testing.TB, w *work) func() bool {
			ctx, get := context.Background(), w.get
			return func() bool {
				_, err := backoff.Retry(ctx, get, backoff.WithMaxTries(attempts))
				return err == nil
			}
		}},
		{"retry-go", func(_ testing.TB, w *work) func() bool {
			policy, run := retry.New(retry.Attempts(attempts)), w.run
			return func() bool { return policy.Do(run) == nil }
		}},
		{"failsafe", func(_ testing.TB, w *work) func() bool {
			policy := retrypolicy.NewBuilder[int]().WithMaxAttempts(attempts).Build()
			executor, get := failsafe.With(policy), w.get
			return func() bool {
				_, err := executor.Get(get)
				return err == nil
			}
		}},
	})
}
