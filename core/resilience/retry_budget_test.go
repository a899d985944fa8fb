package resilience_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core/resilience"
)

// storm sends 200 calls a second for two minutes, of which the dependency is down for the second, and
// gives how many times more attempts than calls there were then.
func storm(t *testing.T, cfg resilience.RetryConfig) float64 {
	t.Helper()
	r := newRetry(t, cfg)
	var calls, attempts atomic.Int64
	start := time.Now()
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			<-time.After(rand.N(time.Second))
			for time.Since(start) < 2*time.Minute {
				next := time.After(time.Second)
				down := time.Since(start) > time.Minute
				wg.Go(func() {
					if down {
						calls.Add(1)
					}
					_ = r.Do(t.Context(), func(context.Context) error {
						if !down {
							return nil
						}
						attempts.Add(1)
						return errDown
					})
				})
				<-next
			}
		})
	}
	wg.Wait()
	return float64(attempts.Load()) / float64(calls.Load())
}

func TestRetryBudgetStopsAStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// The share holds over any ten seconds: at its beginning, an outage may be given those of ten
		// seconds at once, and then none for nine.
		load := storm(t, resilience.RetryConfig{MaxAttempts: 4})
		if load > 1.1 || load < 1.08 {
			t.Errorf("an outage multiplies load by %.6f, want at most 1.1", load)
		}
		t.Logf("with the budget: %.6f", load)
	})
}

func TestRetryWithoutABudgetIsAStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := storm(t, resilience.RetryConfig{MaxAttempts: 4, Budget: -1})
		if load < 3 {
			t.Errorf("an outage multiplies load by %.4f, want more than 3: the test proves nothing", load)
		}
		t.Logf("without: %.4f", load)
	})
}

func TestRetryBudgetLeavesAFewToThoseWhoCallSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRetry(t, resilience.RetryConfig{MaxAttempts: 100, BaseDelay: 1, Jitter: resilience.JitterNone, MaxDelay: 1})
		task := failing(make([]error, 0)...)
		for range 1000 {
			task.errs = append(task.errs, errDown)
		}
		_ = r.Do(t.Context(), task.run)
		if s := r.Stats(); s.Retries != 10 || s.OverBudget != 1 {
			t.Errorf("got %+v, want one retry a second over 10 s", s)
		}
		pass(10 * time.Second)
		_ = r.Do(t.Context(), task.run)
		if s := r.Stats(); s.Retries != 20 || s.OverBudget != 2 {
			t.Errorf("got %+v, want another ten", s)
		}
	})
}

func TestRetryBudgetIsNeverExceededUnderRaces(t *testing.T) {
	t.Parallel()
	r := newRetry(t, resilience.RetryConfig{MaxAttempts: 1000, BaseDelay: 1, MaxDelay: 1, MinPerSecond: 50, Budget: 1e-9})
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for range 200 {
				_ = r.Do(t.Context(), badly)
			}
		})
	}
	wg.Wait()
	if s := r.Stats(); s.Retries > 500 || s.Retries < 450 || s.OverBudget != 32*200 {
		t.Errorf("got %+v, want 500 retries", s)
	}
}
