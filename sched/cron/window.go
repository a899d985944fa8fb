package cron

import (
	"math"
	"time"
)

// window is a stretch of time during which a zone keeps one offset.
type window struct {
	start, end int64 // Unix seconds; the window ends before end
	offset     int64 // seconds east of UTC
	reached    int64 // the wall-clock time before which all has been shown, or jumped over, at start
}

// margin is more than two offsets of one zone ever differ by, in seconds.
const margin = 2 * daySeconds

// windowAt is the window of a zone that holds an instant.
func windowAt(unix int64, loc *time.Location) *window {
	w := &window{reached: math.MinInt64}
	w.start, w.end, w.offset = bounds(unix, loc)
	for from := w.start; from != math.MinInt64 && w.start-from < margin; {
		start, _, offset := bounds(from-1, loc)
		w.reached = max(w.reached, from+offset)
		from = start
	}
	return w
}

// bounds gives the start, the end and the offset of the zone in effect at an instant. Where a zone goes
// on by a rule, package time ends the stretch with the year, of 365 days always: the last day of a leap
// year is then past the end, and itself all that is certain.
func bounds(unix int64, loc *time.Location) (start, end, offset int64) {
	t := time.Unix(unix, 0).In(loc)
	_, east := t.Zone()
	from, to := t.ZoneBounds()
	start, end = math.MinInt64, math.MaxInt64
	if !from.IsZero() {
		start = from.Unix()
	}
	if !to.IsZero() {
		end = to.Unix()
	}
	if end <= unix {
		end = unix - unix%daySeconds + daySeconds
	}
	return start, end, int64(east)
}
