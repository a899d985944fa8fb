package flowredis

import (
	"math/big"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// windows are the integers a window computes with in Redis: the same as the script's, which are exact in
// Lua. Times are microseconds. What the window before still counts for is its count times the part that
// is left of it, rounded up to a permit; the part is in steps, of a microsecond unless limit and
// window are so large that a product would exceed 2^51: then in longer ones, rounded up too.
type windows struct {
	limit   int64
	window  int64
	step    int64
	sliding bool
}

func newWindows(rate limit.Rate, burst int, sliding bool) windows {
	long := ceil(new(big.Rat).Mul(microseconds(rate), new(big.Rat).SetInt64(int64(burst))))
	w := windows{limit: int64(burst), window: max(long.Int64(), 1), step: 1, sliding: sliding}
	for w.window/w.step > mostTicks/w.limit {
		w.step *= 2
	}
	return w
}

// length is how long a window is.
func (w windows) length() time.Duration { return time.Duration(w.window) * time.Microsecond }

func (w windows) args() []any {
	sliding := 0
	if w.sliding {
		sliding = 1
	}
	return []any{w.limit, w.window, w.step, sliding}
}

// counts is how a window stands.
type counts struct {
	windows
	count, before int64
	elapsed       int64
}

func (w windows) decision(reply []int64, n int) (limit.Decision, bool) {
	if len(reply) != 4 || reply[0]|1 != 1 {
		return limit.Decision{}, false
	}
	c := counts{w, reply[1], reply[2], reply[3]}
	if !within(c.count, w.limit) || !within(c.before, w.limit) || !within(c.elapsed, w.window-1) {
		return limit.Decision{}, false
	}
	d := c.describe()
	d.Allowed = reply[0] == 1
	if !d.Allowed {
		d.RetryAfter = max(c.after(int64(n)), time.Microsecond)
	}
	return d, true
}

func within(n, most int64) bool { return n >= 0 && n <= most }

func (w windows) full(n int) limit.Decision {
	d := counts{windows: w, count: int64(n)}.describe()
	d.Allowed = true
	return d
}

// used is how many permits are in use.
func (c counts) used() int64 {
	left := ceilDiv(c.window-c.elapsed, c.step)
	return c.count + min(ceilDiv(c.before*left, c.window/c.step), c.before)
}

func (c counts) describe() limit.Decision {
	used := c.used()
	d := limit.Decision{Limit: int(c.limit), Remaining: int(max(c.limit-used, 0)), Window: c.length()}
	if used > 0 {
		d.NextAfter = c.after(int64(d.Remaining) + 1)
		d.ResetAfter = c.after(c.limit)
	}
	return d
}

// after is how long until n permits, that are not there now, will be. The permits in use only get
// fewer: with the share of the window before until the current one ends; there the current one becomes
// the one before, with all of its weight.
func (c counts) after(n int64) time.Duration {
	room := c.limit - n
	if left := room - c.count; left > 0 && c.before > left {
		return time.Duration(c.down(c.before, left)-c.elapsed) * time.Microsecond
	}
	end := c.window - c.elapsed
	if c.sliding && c.count > room {
		end += c.down(c.count, room)
	}
	return time.Duration(end) * time.Microsecond
}

// down is how far into a window the share of the one before, which had more permits than room, has gone
// down to room.
func (c counts) down(before, room int64) int64 {
	left := room * (c.window / c.step) / before
	return c.window - left*c.step
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }
