package limittest

import (
	"time"

	"github.com/goflow-go/goflow/limit"
)

// Option configures [Run] and [RunKeyed].
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// options is what is to be tested, and what is promised.
type options struct {
	real       bool
	resolution time.Duration
	interval   time.Duration // from permit to permit; zero for what fits the time
	burst      int
	stretch    int // in how many times its burst a window may result; zero when permits come one by one
	least      int // permits that can be had at once; zero when that is the burst
}

// steps is how many resolutions are between permits.
const steps = 20

func newOptions(opts []Option) options {
	o := options{resolution: 1, burst: 5}
	for _, opt := range opts {
		opt.apply(&o)
	}
	if o.interval == 0 {
		o.interval = 100 * time.Millisecond
		if o.real {
			o.interval = steps * o.resolution
		}
	}
	return o
}

// RealTime runs the suite in real time, for limiters on real servers: their times need only be true to
// resolution, which should be well above a round trip (10 ms and more). The suite then takes
// a few hundred times resolution, and up to that of it is spent waiting.
func RealTime(resolution time.Duration) Option {
	return optionFunc(func(o *options) { o.real, o.resolution = true, resolution })
}

// Quota runs the suite with another rate and burst than 10 permits a second and 5, for limiters that
// take only some. The interval of the rate must be whole nanoseconds and, with [RealTime], 20
// resolutions or more. A promise about several permits is left out when burst is 1.
func Quota(rate limit.Rate, burst int) Option {
	return optionFunc(func(o *options) { o.interval, o.burst = rate.Interval(), burst })
}

// Windows is for limiters whose permits come back by windows, not one by one: a window is the time in
// which burst permits come at the rate. A stretch of time as long as a window may hold most times the
// burst: 1 where the window slides along exactly, 2 where windows have edges. Permits may come back
// as much slower than the rate, but what a [limit.Decision] says of times is still exact.
func Windows(most int) Option {
	return optionFunc(func(o *options) { o.stretch = most })
}

// Approximate is for limiters that may deny while they hold permits, such as those that lease
// permits to others: only least of the burst can surely be had at once when none are in use, and what a
// [limit.Decision] says of times and of what remains is not looked at. The bounds hold as ever.
func Approximate(least int) Option {
	return optionFunc(func(o *options) { o.least = least })
}

// window is the time in which the burst comes back.
func (o options) window() time.Duration { return time.Duration(o.burst) * o.interval }

// refill is the time after which nothing is in use.
func (o options) refill() time.Duration { return time.Duration(max(o.stretch, 1)) * o.window() }

// most is how many permits a stretch of time may hold.
func (o options) most(t time.Duration) int {
	if o.stretch > 0 {
		return o.burst * (int(t/o.window()) + o.stretch)
	}
	return o.burst + int(t/o.interval)
}

// surely is how many permits can be had at once when none are in use.
func (o options) surely() int {
	if o.least > 0 {
		return o.least
	}
	return o.burst
}
