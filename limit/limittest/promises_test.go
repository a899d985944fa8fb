package limittest_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

// windowLimiter gives burst permits in each window since it was made, and is made wrong by a share.
func windowLimiter(rate limit.Rate, burst, given int) limiterFunc {
	var mu sync.Mutex
	began, window := time.Now(), time.Duration(burst)*rate.Interval()
	index, used := time.Duration(0), 0
	return func(_ context.Context, n int) (limit.Decision, error) {
		mu.Lock()
		defer mu.Unlock()
		if n <= 0 || n > burst {
			return limit.Decision{}, &limit.PermitsError{Permits: n, Burst: burst}
		}
		t := time.Since(began)
		if now := t / window; now > index {
			index, used = now, 0
		}
		d := limit.Decision{Limit: burst, Window: window, Allowed: used+n <= given}
		end := (index+1)*window - t
		if d.Allowed {
			used += n
		} else {
			d.RetryAfter = end
		}
		d.Remaining = max(burst-used, 0)
		if used > 0 {
			d.NextAfter, d.ResetAfter = end, end
		}
		return d, nil
	}
}

// approximateLimiter gives permits of a model of which a share can be had at once.
func approximateLimiter(rate limit.Rate, burst, given int) limiterFunc {
	m := newModelLimiter(rate, given)
	return func(ctx context.Context, n int) (limit.Decision, error) {
		if n > given && n <= burst {
			return limit.Decision{Limit: burst}, nil
		}
		d, err := m.Take(ctx, n)
		d.Limit = burst
		return d, err
	}
}

// caughtBy gives the promises that a limiter breaks.
func caughtBy(t *testing.T, newLimiter func(rate limit.Rate, burst int) limit.Limiter, opts ...limittest.Option) (names []string) {
	t.Helper()
	for _, name := range limittest.Rows() {
		if texts := failures(t, func(tb testing.TB) { limittest.CheckRow(tb, name, newLimiter, opts...) }); len(texts) > 0 {
			names = append(names, name)
		}
	}
	return names
}

func TestLesserPromisesAreKeptToo(t *testing.T) {
	t.Parallel()
	windows, nearly := []limittest.Option{limittest.Windows(2)}, []limittest.Option{limittest.Approximate(3)}
	for _, c := range []struct {
		name, caughtBy string
		make           func(rate limit.Rate, burst, given int) limiterFunc
		more           int // than the burst
		opts           []limittest.Option
	}{
		{"windows", "", windowLimiter, 0, windows},
		{"windows that hold one more", "starts full", windowLimiter, 1, windows},
		{"windows that hold one less", "starts full", windowLimiter, -1, windows},
		{"windows that are no bucket", "gives permits back at the rate", windowLimiter, 0, nil},
		{"windows that do not slide", "holds its bound in every stretch of time", windowLimiter, 0, []limittest.Option{limittest.Windows(1)}},
		{"an approximate bucket", "", approximateLimiter, -2, nearly},
		{"an approximate bucket with less than it says", "starts full", approximateLimiter, -3, nearly},
		{"an approximate bucket with one more", "starts full", approximateLimiter, 1, nearly},
		{"an approximate bucket with one more, later", "never holds more than the burst", approximateLimiter, 1, nearly},
		{"an approximate bucket that is no bucket", "starts full", approximateLimiter, -2, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(caughtBy(t, func(rate limit.Rate, burst int) limit.Limiter {
				return c.make(rate, burst, burst+c.more)
			}, c.opts...), ", ")
			if !strings.Contains(got, c.caughtBy) || c.caughtBy == "" && got != "" {
				t.Errorf("caught by %q, want %q", got, c.caughtBy)
			}
		})
	}
}

func TestApproximateLimitersThatAreSlowAreCaught(t *testing.T) {
	t.Parallel()
	got := caughtBy(t, func(rate limit.Rate, burst int) limit.Limiter {
		return approximateLimiter(limit.Every(2*rate.Interval()), burst, burst)
	}, limittest.Approximate(3))
	if !strings.Contains(strings.Join(got, ", "), "gives permits back at the rate") {
		t.Errorf("caught by %q", got)
	}
}

func TestSuiteTakesAQuota(t *testing.T) {
	t.Parallel()
	for _, quota := range []limittest.Option{limittest.Quota(limit.PerSecond(1), 1), limittest.Quota(limit.PerSecond(1), 2), limittest.Quota(limit.Every(3), 1000)} {
		limittest.Run(t, func(_ *testing.T, rate limit.Rate, burst int) limit.Limiter { return newModelLimiter(rate, burst) }, quota)
	}
}
