package limittest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

func FuzzModelAgainstItself(f *testing.F) {
	limittest.Fuzz(f, func(_ *testing.T, rate limit.Rate, burst int) limit.Limiter { return newModelLimiter(rate, burst) })
}

func TestSeedsCatchLimitersThatDifferFromTheModel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		take func(m *modelLimiter) limiterFunc
	}{
		{"is 1 ns late after some time", func(m *modelLimiter) limiterFunc {
			return func(ctx context.Context, n int) (limit.Decision, error) {
				d, err := m.Take(ctx, n)
				if !d.Allowed && err == nil && time.Since(m.began) > time.Hour {
					d.RetryAfter++
				}
				return d, err
			}
		}},
		{"takes a permit with the wrong number", func(m *modelLimiter) limiterFunc {
			return func(ctx context.Context, n int) (limit.Decision, error) {
				if n == 0 {
					m.model.Reserve(time.Since(m.began), 1)
				}
				return m.Take(ctx, n)
			}
		}},
		{"allows nothing as nothing", func(m *modelLimiter) limiterFunc {
			return func(ctx context.Context, n int) (limit.Decision, error) {
				if n == 0 {
					return limit.Decision{Allowed: true}, nil
				}
				return m.Take(ctx, n)
			}
		}},
		{"refuses the burst", func(m *modelLimiter) limiterFunc {
			return func(ctx context.Context, n int) (limit.Decision, error) {
				if n == m.burst {
					return limit.Decision{}, core.ErrInvalid
				}
				return m.Take(ctx, n)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, seed := range limittest.Seeds() {
				texts := failures(t, func(tb testing.TB) {
					limittest.Replay(tb, seed, func(rate limit.Rate, burst int) limit.Limiter { return c.take(newModelLimiter(rate, burst)) })
				})
				if strings.Contains(strings.Join(texts, "\n"), "want") {
					return
				}
			}
			t.Error("no seed caught it")
		})
	}
}

func TestTracesThatSayNothingAreLetBe(t *testing.T) {
	t.Parallel()
	for _, trace := range [][]byte{nil, {1}, {1, 2}, {1, 2, 3, 4}} {
		texts := failures(t, func(tb testing.TB) {
			limittest.Replay(tb, trace, func(rate limit.Rate, burst int) limit.Limiter { return newModelLimiter(rate, burst) })
		})
		if len(texts) > 0 {
			t.Errorf("%v: %q", trace, texts)
		}
	}
}
