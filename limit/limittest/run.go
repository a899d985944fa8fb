package limittest

import (
	"testing"
	"testing/synctest"

	"github.com/goflow-go/goflow/limit"
)

// Run runs the suite over limiters that newLimiter makes: each must be new, full, and used by no one
// else. One subtest proves one promise of [limit.Limiter].
func Run(t *testing.T, newLimiter func(t *testing.T, rate limit.Rate, burst int) limit.Limiter, opts ...Option) {
	t.Helper()
	for _, r := range rows {
		r.run(t, opts, func(t *testing.T, o options) *subject {
			t.Helper()
			return newSubject(t, o, func(rate limit.Rate, burst int) limit.Limiter { return newLimiter(t, rate, burst) })
		})
	}
}

// RunKeyed runs the suite over one key of keyed limiters that newLimiter makes, while another key is
// used up, and proves that keys are independent. Each limiter must be new and used by no one else.
func RunKeyed(t *testing.T, newLimiter func(t *testing.T, rate limit.Rate, burst int) limit.KeyedLimiter, opts ...Option) {
	t.Helper()
	for _, r := range rows {
		r.run(t, opts, func(t *testing.T, o options) *subject {
			t.Helper()
			return newSubject(t, o, func(rate limit.Rate, burst int) limit.Limiter {
				return newKey(t, newLimiter(t, rate, burst), o.surely())
			})
		})
	}
	for _, r := range keyedRows {
		inTime(t, r.name, newOptions(opts), func(t *testing.T, o options) {
			t.Helper()
			r.check(newKeyedSubject(t, o, func(rate limit.Rate, burst int) limit.KeyedLimiter { return newLimiter(t, rate, burst) }))
		})
	}
}

// run runs a row, if the limiter promises it.
func (r row) run(t *testing.T, opts []Option, subject func(t *testing.T, o options) *subject) {
	t.Helper()
	o := newOptions(opts)
	check := r.promised(o)
	if check == nil {
		return
	}
	inTime(t, r.name, o, func(t *testing.T, o options) {
		t.Helper()
		check(subject(t, o))
	})
}

// inTime runs a subtest in a bubble, unless it needs real time.
func inTime(t *testing.T, name string, o options, check func(t *testing.T, o options)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		if o.real {
			check(t, o)
			return
		}
		synctest.Test(t, func(t *testing.T) { check(t, o) })
	})
}
