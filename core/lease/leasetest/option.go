package leasetest

import "time"

// Option configures [Run].
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// options is how the suite is run.
type options struct {
	real       bool
	resolution time.Duration
}

func newOptions(opts []Option) options {
	o := options{resolution: 1}
	for _, opt := range opts {
		opt.apply(&o)
	}
	return o
}

// RealTime runs the suite in real time, for stores on real servers: their times need only be true to
// resolution, which should be well above a round trip (10 ms and more). The suite then takes about
// five hundred times resolution, most of it spent waiting.
func RealTime(resolution time.Duration) Option {
	return optionFunc(func(o *options) { o.real, o.resolution = true, resolution })
}

// ttl is how long leases last in the suite: whole milliseconds, and 20 resolutions or more.
func (o options) ttl() time.Duration {
	if o.real {
		return (20 * o.resolution).Round(time.Millisecond)
	}
	return 10 * time.Second
}

// slack is how far a time may be off.
func (o options) slack() time.Duration {
	if o.real {
		return o.resolution
	}
	return 0
}
