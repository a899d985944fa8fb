package limittest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// Option configures [Run] and [RunKeyed].
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	real       bool
	resolution time.Duration
}

// RealTime runs the suite in real time, for limiters on real servers: their times need only be true to
// resolution, which should be well above a round trip (10 ms and more). The suite then takes
// a few hundred times resolution, and up to that of it is spent waiting.
func RealTime(resolution time.Duration) Option {
	return optionFunc(func(o *options) { o.real, o.resolution = true, resolution })
}

// Run runs the suite over limiters that newLimiter makes: each must be new, full, and used by no one
// else. One subtest proves one promise of [limit.Limiter].
func Run(t *testing.T, newLimiter func(t *testing.T, rate limit.Rate, burst int) limit.Limiter, opts ...Option) {
	t.Helper()
	for _, r := range rows {
		run(t, r.name, opts, func(t *testing.T, o options) {
			t.Helper()
			r.check(newSubject(t, o, func(rate limit.Rate, burst int) limit.Limiter { return newLimiter(t, rate, burst) }))
		})
	}
}

// RunKeyed runs the suite over one key of keyed limiters that newLimiter makes, while another key is
// used up, and proves that keys are independent. Each limiter must be new and used by no one else.
func RunKeyed(t *testing.T, newLimiter func(t *testing.T, rate limit.Rate, burst int) limit.KeyedLimiter, opts ...Option) {
	t.Helper()
	for _, r := range rows {
		run(t, r.name, opts, func(t *testing.T, o options) {
			t.Helper()
			r.check(newSubject(t, o, func(rate limit.Rate, burst int) limit.Limiter {
				return newKey(t, newLimiter(t, rate, burst), burst)
			}))
		})
	}
	for _, r := range keyedRows {
		run(t, r.name, opts, func(t *testing.T, o options) {
			t.Helper()
			r.check(newKeyedSubject(t, o, func(rate limit.Rate, burst int) limit.KeyedLimiter { return newLimiter(t, rate, burst) }))
		})
	}
}

// run runs a row as a subtest, in a bubble unless it needs real time.
func run(t *testing.T, name string, opts []Option, row func(t *testing.T, o options)) {
	t.Helper()
	o := options{resolution: 1}
	for _, opt := range opts {
		opt.apply(&o)
	}
	t.Run(name, func(t *testing.T) {
		if o.real {
			row(t, o)
			return
		}
		synctest.Test(t, func(t *testing.T) { row(t, o) })
	})
}
