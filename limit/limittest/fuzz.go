package limittest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// Fuzz compares the limiters that newLimiter makes with the [Model]: a fuzzer makes traces of when how
// many permits are asked for, and all of each decision must equal the model's, so it is for token
// buckets that are exact to the nanosecond. Each trace runs in a testing/synctest bubble. Without
// -fuzz, it runs a few traces that are known to be hard.
//
// The intervals from permit to permit are whole nanoseconds, up to a day, and bursts are from 1 to 64.
func Fuzz(f *testing.F, newLimiter func(t *testing.T, rate limit.Rate, burst int) limit.Limiter) {
	f.Helper()
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, trace []byte) {
		synctest.Test(t, func(t *testing.T) {
			replay(t, trace, func(rate limit.Rate, burst int) limit.Limiter { return newLimiter(t, rate, burst) })
		})
	})
}

const (
	maxFuzzBurst = 64
	maxFuzzSteps = 300
)

var fuzzIntervals = []time.Duration{
	1, 7, time.Microsecond, 953_674, time.Millisecond, 100 * time.Millisecond, time.Second, 12 * time.Second, time.Hour, 24 * time.Hour,
}

// What a step's first byte says of the time that passes before it asks.
const (
	noTime = iota
	someNanoseconds
	someSixteenths // of an interval
	aboutAnInterval
	aboutRetryAfter // of the latest denial
	aboutResetAfter // of the latest decision
	someHours
	kindsOfTime
)

// trace is what the bytes of a fuzzer say: a byte for the interval, one for the burst, and three for
// each step: what kind of time passes, how much, and how many permits are asked for.
type trace struct {
	interval time.Duration
	burst    int
	steps    []byte
}

func decode(b []byte) (t trace, ok bool) {
	if len(b) < 2 {
		return trace{}, false
	}
	return trace{
		interval: fuzzIntervals[int(b[0])%len(fuzzIntervals)],
		burst:    1 + int(b[1])%maxFuzzBurst,
		steps:    b[2:min(len(b), 2+3*maxFuzzSteps)],
	}, true
}

// passes is the time that passes before a step, after the decision last.
func (t trace) passes(kind, amount byte, last limit.Decision) time.Duration {
	about := time.Duration(amount%3) - 1
	switch kind % kindsOfTime {
	case someNanoseconds:
		return time.Duration(amount)
	case someSixteenths:
		return t.interval * time.Duration(amount) / 16
	case aboutAnInterval:
		return t.interval + about
	case aboutRetryAfter:
		return last.RetryAfter + about
	case aboutResetAfter:
		return last.ResetAfter + about
	case someHours:
		return time.Duration(amount) * time.Hour
	}
	return 0
}

// replay runs one trace on a limiter and on the model.
func replay(tb testing.TB, b []byte, newLimiter func(rate limit.Rate, burst int) limit.Limiter) {
	tb.Helper()
	t, ok := decode(b)
	if !ok {
		return
	}
	rate := limit.Every(t.interval)
	limiter, model, began := newLimiter(rate, t.burst), NewModel(rate, t.burst), time.Now()
	var last limit.Decision
	for s := t.steps; len(s) >= 3; s = s[3:] {
		pause(t.passes(s[0], s[1], last))
		n := int(s[2]) % (t.burst + 2) // 0 and burst+1 make no sense
		d, err := limiter.Take(context.Background(), n)
		now := time.Since(began)
		if n < 1 || n > t.burst {
			if !errors.Is(err, core.ErrInvalid) || d.Allowed {
				tb.Fatalf("%v, burst %d, at %v: Take(%d) gave %+v, %v; want an error that matches core.ErrInvalid", rate, t.burst, now, n, d, err)
			}
			continue
		}
		last = model.Take(now, n)
		if err != nil || d != last {
			tb.Fatalf("%v, burst %d, at %v: Take(%d) gave %+v, %v; want %+v", rate, t.burst, now, n, d, err, last)
		}
	}
}

// seeds has, for each interval and some bursts, a trace with every kind of time around every edge.
func seeds() (all [][]byte) {
	for i := range fuzzIntervals {
		for _, burst := range []byte{0, 1, 4, maxFuzzBurst - 1} {
			s := []byte{byte(i), burst, noTime, 0, burst + 1, noTime, 0, 1, noTime, 0, 0, noTime, 0, burst + 2}
			for kind := range byte(kindsOfTime) {
				for amount := range byte(4) {
					s = append(s, kind, amount, 1, noTime, 0, 1+amount)
				}
			}
			all = append(all, append(s, aboutResetAfter, 1, burst+1, aboutRetryAfter, 0, burst+1, aboutRetryAfter, 1, burst+1))
		}
	}
	return all
}
