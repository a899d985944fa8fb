package sched

import (
	"sync/atomic"
	"time"
)

// WallClock is a wall clock that a test sets.
type WallClock struct{ ahead atomic.Int64 }

// Step sets the clock forward by d, or back.
func (c *WallClock) Step(d time.Duration) { c.ahead.Add(int64(d)) }

// Now is what the clock shows.
func (c *WallClock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// WithWallClock makes a scheduler go by c.
func WithWallClock(c *WallClock) Option {
	return optionFunc(func(o *options) {
		o.clocks = func() (wall, mono int64) {
			wall, mono = systemClock()
			return wall + c.ahead.Load(), mono
		}
	})
}

// MaxMeters is how many names of jobs a scheduler reports.
const MaxMeters = maxMeters

// Sample is of how many runs of a crowd one is timed.
const Sample = sample
