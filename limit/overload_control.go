package limit

import (
	"time"

	"github.com/goflow-go/goflow/internal/saturation"
)

// overloadReason is a limit of the runtime.
type overloadReason uint8

const (
	reasonSchedLatency overloadReason = iota
	reasonMemory
	reasonGoroutines
)

// The control of an Overload. A level says what is refused: from 0 to 1 a growing share of what is
// sheddable, from 1 on a growing share of what is normal, too. It is the sum of one that follows the
// pressure at once and of one that moves while the pressure is off, as in PIE (RFC 8033). The numbers
// are those that did best in the simulation of overload_control_test.go.
const (
	// mostPressure bounds a look, so that one that is far off is soon forgotten.
	mostPressure = 4
	// newShare is how much a look counts in the smoothed pressure.
	newShare = 0.6
	// lowPressure is where the level begins to fall. From there to 1 it stays, so that it does not swing.
	lowPressure = 0.75
	// following is how much of the pressure above 1 is the level at once.
	following = 0.1
	// climb is how much a second the level climbs at twice the limits and more.
	climb = 1
	// fall is how much a second the level falls at rest.
	fall = 2
	// mostLate is how many intervals a look counts for that comes late.
	mostLate = 5
	// mostLevel leaves one in twenty of what is normal, so that a signal that is wrong is no outage.
	mostLevel = 1.95
)

// overloadControl is the state of an [Overload] between two looks at the runtime.
type overloadControl struct {
	cfg      OverloadConfig
	pressure float64 // smoothed
	moved    float64 // the part of the level that moves
	level    float64
	closed   bool // a hard limit is reached
	reason   overloadReason
	worst    saturation.Sample // the last that was at a limit, for errors
}

// step takes a look at the runtime into account, and how long ago the last one was: when processors are
// rare, looks are, too.
func (c *overloadControl) step(s saturation.Sample, since time.Duration) {
	now, reason := c.look(s)
	c.pressure += newShare * (min(now, mostPressure) - c.pressure)
	seconds := min(since, mostLate*c.cfg.Interval).Seconds()
	switch {
	case c.pressure > 1:
		c.moved += climb * seconds * min(c.pressure-1, 1)
	case c.pressure < lowPressure:
		c.moved -= fall * seconds * (1 - c.pressure/lowPressure)
	}
	c.moved = min(max(c.moved, 0), mostLevel)
	c.level = min(c.moved+following*max(c.pressure-1, 0), mostLevel)
	if now >= 1 {
		c.reason, c.worst = reason, s
	}
	c.harden(s)
}

// harden looks at the hard limits. When they are left again, all but what is critical comes back bit
// by bit.
func (c *overloadControl) harden(s saturation.Sample) {
	var reason overloadReason
	switch share := s.LiveShare(); {
	case c.cfg.HardMemoryShare > 0 && share >= c.cfg.HardMemoryShare:
		reason = reasonMemory
	case c.cfg.HardGoroutines > 0 && s.Goroutines >= c.cfg.HardGoroutines:
		reason = reasonGoroutines
	default:
		c.closed = false
		return
	}
	c.closed, c.moved, c.level = true, mostLevel, mostLevel
	c.reason, c.worst = reason, s
}

// look says how near the runtime is to its limits, 1 at one of them, and to which.
func (c *overloadControl) look(s saturation.Sample) (pressure float64, reason overloadReason) {
	consider := func(p float64, r overloadReason) {
		if p > pressure {
			pressure, reason = p, r
		}
	}
	if most := c.cfg.MaxSchedLatency; most > 0 {
		consider(float64(s.SchedLatencyP99)/float64(most), reasonSchedLatency)
	}
	if most := c.cfg.MaxMemoryShare; most > 0 {
		consider(memoryPressure(s.LiveShare(), most), reasonMemory)
	}
	if most := c.cfg.MaxGoroutines; most > 0 {
		consider(float64(s.Goroutines)/float64(most), reasonGoroutines)
	}
	return pressure, reason
}

// memoryPressure is 1 at most and 2 where all memory is used: what is left above most is little, and
// a share of most would say nothing about it.
func memoryPressure(share, most float64) float64 {
	if share <= most {
		return share / most
	}
	return 1 + (share-most)/(1-most)
}

// refusal is the share of an importance that is refused.
func (c *overloadControl) refusal(i Importance) float64 {
	switch {
	case c.closed:
		return 1
	case i == Critical:
		return 0
	case i == Sheddable:
		return min(c.level, 1)
	}
	return max(c.level-1, 0)
}

// retryAfter is how soon nothing of an importance is refused, if the pressure ends now.
func (c *overloadControl) retryAfter(i Importance) time.Duration {
	left := c.level
	if i != Sheddable {
		left--
	}
	return max(time.Duration(left/fall*float64(time.Second)), c.cfg.Interval).Round(time.Millisecond)
}
