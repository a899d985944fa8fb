package limit

import "sync/atomic"

// lateness is what callers who woke too late may make up. A sleeper wakes tens of microseconds after
// the time it asked for, often more; were the permits that came meanwhile lost, no one goroutine would
// get more than a few thousand a second. So for a short while after such a wake-up, permits count from as
// long before now as it was late. Who was merely idle makes up nothing.
//
// The two words may be read apart. That costs nothing: what is made up never exceeds the bound, which
// alone the guarantee rests on.
type lateness struct {
	bound int64        // the most that may be made up, and for how long after; 0 for none
	by    atomic.Int64 // how late the latest sleeper woke, at most bound
	until atomic.Int64 // when that is over, on internal/clock
}

// note notes that someone who was to wake at due did at now.
func (l *lateness) note(due, now int64) {
	if l.bound == 0 {
		return
	}
	l.by.Store(min(max(now-due, 0), l.bound))
	l.until.Store(now + l.bound)
}

// at is how far before now permits may count from.
func (l *lateness) at(now int64) int64 {
	if l.bound == 0 || now > l.until.Load() {
		return 0
	}
	return l.by.Load()
}
