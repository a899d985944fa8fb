package limittest_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newTokenBucket(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
	t.Helper()
	b, err := limit.NewTokenBucket("tested", limit.TokenBucketConfig{Rate: rate, Burst: burst})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func newFixedWindow(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
	t.Helper()
	w, err := limit.NewFixedWindow("tested", limit.WindowConfig{Limit: burst, Window: time.Duration(burst) * rate.Interval()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

func newKeyed(t *testing.T, rate limit.Rate, burst int) *limit.Keyed {
	t.Helper()
	k, err := limit.NewKeyed("tested", limit.KeyedConfig{Rate: rate, Burst: burst})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

func TestTokenBucketConforms(t *testing.T) {
	t.Parallel()
	limittest.Run(t, newTokenBucket)
}

func TestTokenBucketConformsInRealTime(t *testing.T) {
	t.Parallel()
	limittest.Run(t, newTokenBucket, limittest.RealTime(5*time.Millisecond))
}

func TestFixedWindowConformsInRealTime(t *testing.T) {
	t.Parallel()
	limittest.Run(t, newFixedWindow, limittest.RealTime(5*time.Millisecond), limittest.Windows(2))
}

func TestKeyedConforms(t *testing.T) {
	t.Parallel()
	limittest.RunKeyed(t, func(t *testing.T, rate limit.Rate, burst int) limit.KeyedLimiter {
		t.Helper()
		return newKeyed(t, rate, burst)
	})
}

func TestKeyOfKeyedConforms(t *testing.T) {
	t.Parallel()
	limittest.Run(t, func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
		t.Helper()
		return newKeyed(t, rate, burst).For("tested")
	})
}

func TestModelConforms(t *testing.T) {
	t.Parallel()
	limittest.Run(t, func(_ *testing.T, rate limit.Rate, burst int) limit.Limiter { return newModelLimiter(rate, burst) })
}

// keyedFunc is a keyed limiter of a function.
type keyedFunc func(ctx context.Context, key string, n int) (limit.Decision, error)

func (f keyedFunc) Take(ctx context.Context, key string, n int) (limit.Decision, error) {
	return f(ctx, key, n)
}
