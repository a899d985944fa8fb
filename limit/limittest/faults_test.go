package limittest_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

// modelLimiter is a right limiter that is made wrong by one fault.
type modelLimiter struct {
	mu    sync.Mutex
	model *limittest.Model
	began time.Time
	burst int
	fault func(d *limit.Decision, m *modelLimiter, n int)
}

func newModelLimiter(rate limit.Rate, burst int) *modelLimiter {
	return &modelLimiter{model: limittest.NewModel(rate, burst), began: time.Now(), burst: burst}
}

func (m *modelLimiter) Take(_ context.Context, n int) (limit.Decision, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n <= 0 || n > m.burst {
		return limit.Decision{}, &limit.PermitsError{Permits: n, Burst: m.burst}
	}
	d := m.model.Take(time.Since(m.began), n)
	if m.fault != nil {
		m.fault(&d, m, n)
	}
	return d, nil
}

// fakeTB is a test that may fail without failing the test that uses it.
type fakeTB struct {
	testing.TB
	failures []string
}

func (f *fakeTB) Helper() {}

func (f *fakeTB) Errorf(format string, args ...any) {
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// failures runs a check in a bubble and gives the texts it fails with.
func failures(t *testing.T, check func(tb testing.TB)) (texts []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tb := &fakeTB{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			check(tb)
		}()
		<-done
		texts = tb.failures
	})
	return texts
}

func TestBrokenLimitersAreCaught(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, caughtBy string
		fault          func(d *limit.Decision, m *modelLimiter, n int)
	}{
		{"gives one permit too many", "starts full", func(d *limit.Decision, m *modelLimiter, _ int) {
			if !d.Allowed && d.Remaining == 0 && m.burst == 5 {
				m.burst++ // once
				d.Allowed, d.RetryAfter = true, 0
			}
		}},
		{"gives what is left instead of nothing", "is all or nothing", func(d *limit.Decision, m *modelLimiter, _ int) {
			if !d.Allowed && d.Remaining > 0 {
				*d = m.model.Take(time.Since(m.began), d.Remaining)
			}
		}},
		{"takes a permit when it denies", "takes nothing when it denies", func(d *limit.Decision, m *modelLimiter, _ int) {
			if !d.Allowed {
				m.model.Reserve(time.Since(m.began), 1)
			}
		}},
		{"says to retry 1 ns early", "tells exactly when to retry", func(d *limit.Decision, _ *modelLimiter, _ int) {
			if !d.Allowed && d.RetryAfter > 1 {
				d.RetryAfter--
			}
		}},
		{"says to retry 1 ns late", "tells exactly when to retry", func(d *limit.Decision, _ *modelLimiter, _ int) {
			if !d.Allowed {
				d.RetryAfter++
			}
		}},
		{"says 1 ns early that one more comes", "tells exactly when one more comes", func(d *limit.Decision, _ *modelLimiter, _ int) {
			if d.NextAfter > 1 {
				d.NextAfter--
			}
		}},
		{"says 1 ns late that it is full", "tells exactly when it is full again", func(d *limit.Decision, _ *modelLimiter, _ int) {
			if d.ResetAfter > 0 && d.Remaining > 0 {
				d.ResetAfter++
			}
		}},
		{"says that one less remains", "tells how many remain", func(d *limit.Decision, _ *modelLimiter, _ int) {
			d.Remaining = max(d.Remaining-1, 0)
		}},
		{"says that one more remains", "tells how many remain", func(d *limit.Decision, m *modelLimiter, _ int) {
			d.Remaining = min(d.Remaining+1, m.burst)
		}},
		{"forgets the burst", "never holds more than the burst", func(d *limit.Decision, m *modelLimiter, n int) {
			if !d.Allowed && time.Since(m.began) > time.Hour {
				d.Allowed, d.RetryAfter = true, 0
			}
		}},
		{"has a wrong window", "starts full", func(d *limit.Decision, _ *modelLimiter, _ int) { d.Window++ }},
		{"has a wrong limit", "starts full", func(d *limit.Decision, _ *modelLimiter, _ int) { d.Limit++ }},
		{"is a little too fast", "gives permits back at the rate", func(d *limit.Decision, m *modelLimiter, _ int) {
			if time.Since(m.began) > time.Second && !d.Allowed {
				*d = limit.Decision{Allowed: true, Limit: d.Limit, Window: d.Window, NextAfter: d.NextAfter, ResetAfter: d.ResetAfter}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var caught []string
			for _, name := range limittest.Rows() {
				texts := failures(t, func(tb testing.TB) {
					limittest.CheckRow(tb, name, func(rate limit.Rate, burst int) limit.Limiter {
						m := newModelLimiter(rate, burst)
						m.fault = c.fault
						return m
					})
				})
				if len(texts) > 0 {
					caught = append(caught, name)
				}
			}
			if !slices.Contains(caught, c.caughtBy) {
				t.Errorf("caught by %q, want %q among them", caught, c.caughtBy)
			}
		})
	}
}

// limiterFunc is a limiter of a function.
type limiterFunc func(ctx context.Context, n int) (limit.Decision, error)

func (f limiterFunc) Take(ctx context.Context, n int) (limit.Decision, error) { return f(ctx, n) }

func TestWrongErrorsAreCaught(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, row, want string
		take            func(m *modelLimiter) limiterFunc
	}{
		{"allows no permits", "refuses numbers of permits that make no sense", "core.ErrInvalid", func(m *modelLimiter) limiterFunc {
			return func(ctx context.Context, n int) (limit.Decision, error) {
				if n <= 0 {
					return limit.Decision{Allowed: true}, nil
				}
				return m.Take(ctx, n)
			}
		}},
		{"does not say that the burst was exceeded", "refuses numbers of permits that make no sense", "limit.ErrExceedsBurst", func(m *modelLimiter) limiterFunc {
			return func(ctx context.Context, n int) (limit.Decision, error) {
				d, err := m.Take(ctx, n)
				if err != nil {
					err = core.ErrInvalid
				}
				return d, err
			}
		}},
		{"fails", "starts full", "unavailable", func(*modelLimiter) limiterFunc {
			return func(context.Context, int) (limit.Decision, error) {
				return limit.Decision{}, fmt.Errorf("unavailable")
			}
		}},
		{"is broken by an ended context", "is not broken by a context that has ended", "had the time to fill", func(m *modelLimiter) limiterFunc {
			broken := false
			return func(ctx context.Context, n int) (limit.Decision, error) {
				d, err := m.Take(ctx, n)
				if broken = broken || ctx.Err() != nil; broken && err == nil {
					d.Allowed, d.RetryAfter, d.Remaining = false, 1, 0
				}
				return d, err
			}
		}},
		{"is not safe for concurrent use", "never gives many goroutines more than its rate and burst", "want at most", func(*modelLimiter) limiterFunc {
			return func(context.Context, int) (limit.Decision, error) { return limit.Decision{Allowed: true}, nil }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			texts := failures(t, func(tb testing.TB) {
				limittest.CheckRow(tb, c.row, func(rate limit.Rate, burst int) limit.Limiter {
					return c.take(newModelLimiter(rate, burst))
				})
			})
			if !strings.Contains(strings.Join(texts, "\n"), c.want) {
				t.Errorf("failed with %q, want a text with %q", texts, c.want)
			}
		})
	}
}

func TestKeysThatShareABucketAreCaught(t *testing.T) {
	t.Parallel()
	texts := failures(t, func(tb testing.TB) {
		limittest.CheckKeyedRows(tb, func(rate limit.Rate, burst int) limit.KeyedLimiter {
			m := newModelLimiter(rate, burst)
			return keyedFunc(func(ctx context.Context, _ string, n int) (limit.Decision, error) { return m.Take(ctx, n) })
		})
	})
	if len(texts) == 0 {
		t.Error("passed")
	}
}
