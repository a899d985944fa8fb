package resilience_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("down")

// The tasks of tests.
var (
	well  core.Task = func(context.Context) error { return nil }
	badly core.Task = func(context.Context) error { return errDown }
)

// taking is a task that takes d, or until its context ends, and then returns err.
func taking(d time.Duration, err error) core.Task {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pass lets time pass, and what was due in it happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func newBreaker(t testing.TB, cfg resilience.BreakerConfig, opts ...resilience.Option) *resilience.Breaker {
	t.Helper()
	b, err := resilience.NewBreaker("payments", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func newRetry(t testing.TB, cfg resilience.RetryConfig, opts ...resilience.Option) *resilience.Retry {
	t.Helper()
	r, err := resilience.NewRetry("payments", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func newTimeout(t testing.TB, d time.Duration, opts ...resilience.Option) *resilience.Timeout {
	t.Helper()
	p, err := resilience.NewTimeout("payments", resilience.TimeoutConfig{Timeout: d}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func newHedge(t testing.TB, cfg resilience.HedgeConfig, opts ...resilience.Option) *resilience.Hedge {
	t.Helper()
	h, err := resilience.NewHedge("search", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func newStandard(t testing.TB, cfg resilience.StandardConfig, opts ...resilience.Option) *resilience.Standard {
	t.Helper()
	s, err := resilience.NewStandard("payments", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// do runs task n times and gives the last error.
func do(ctx context.Context, p core.Policy, n int, task core.Task) (err error) {
	for range n {
		err = p.Do(ctx, task)
	}
	return err
}
