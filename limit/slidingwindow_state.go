package limit

import (
	"math/bits"
	"time"
)

// windowState is what a windowCounter holds at some instant.
type windowState struct {
	word          uint64 // that it was read with
	limit, window int64
	elapsed       int64 // ns since the current window began; below zero for an older clock reading
	count         int64 // of the current window
	sliding       bool
	before        int64 // the count of the window before, which counts when sliding
}

// used is how many permits are in use: the count, and the share of the one before that is still
// overlapped, rounded up.
func (s *windowState) used() int64 {
	if s.before == 0 {
		return s.count
	}
	return s.count + s.overlap()
}

func (s *windowState) overlap() int64 {
	rest := s.window - max(s.elapsed, 0)
	if rest <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(s.before), uint64(rest))
	lo, carry := bits.Add64(lo, uint64(s.window-1), 0)
	share, _ := bits.Div64(hi+carry, lo, uint64(s.window))
	return int64(share)
}

// decision describes what was decided about n permits, and how it stands now.
func (s *windowState) decision(n int64, ok bool) Decision {
	used := s.used()
	d := Decision{
		Allowed:   ok,
		Limit:     int(s.limit),
		Remaining: int(max(s.limit-used, 0)),
		Window:    time.Duration(s.window),
	}
	if used > 0 {
		d.NextAfter = s.after(int64(d.Remaining) + 1)
		d.ResetAfter = s.after(s.limit)
	}
	if !ok && n > 0 && n <= s.limit {
		d.RetryAfter = s.after(n)
	}
	return d
}

// after is how long until n permits, that are not there now, will be. The permits in use only get
// fewer: with the share of the window before until the current one ends; there the current one becomes
// the one before, with all of its weight.
func (s *windowState) after(n int64) time.Duration {
	if room := s.limit - n - s.count; room > 0 {
		return time.Duration(s.down(s.before, room) - s.elapsed)
	}
	end := s.window - s.elapsed
	if room := s.limit - n; s.sliding && s.count > room {
		end += s.down(s.count, room)
	}
	return time.Duration(end)
}

// down is how far into a window the share of the one before, which had more permits than room, has gone
// down to room.
func (s *windowState) down(before, room int64) int64 {
	hi, lo := bits.Mul64(uint64(room), uint64(s.window))
	left, _ := bits.Div64(hi, lo, uint64(before))
	return s.window - int64(left)
}
