package limit

import (
	"math"
	"slices"
	"sync"
)

// line holds the reservations that are still to come, in the order they were taken.
//
// A cancelled one cannot be given back while a later one is to come: that one keeps its time, and
// permits given out for the room in front of it could then all be used at its time too. So it waits
// in line until those after it have been cancelled or their time has come, and is given back then, as
// far as time has not paid for it meanwhile.
type line struct {
	mu    sync.Mutex
	list  []*Reservation
	moved int64 // how far giving back has moved later claims, altogether, in ticks of its time
}

// reserve takes n permits that come ahead ns after now at the latest. It does not count. The line holds
// MaxWaiters reservations; when it is full, only permits that need not wait are given.
func (b *TokenBucket) reserve(now int64, n int, ahead int64) (*Reservation, error) {
	if err := b.permits(n); err != nil {
		return nil, err
	}
	b.line.mu.Lock()
	defer b.line.mu.Unlock()
	b.settle(now)
	why := tooLate
	if full := int64(len(b.line.list)) >= b.maxWaiters; full || ahead == math.MaxInt64 {
		why = queueFull
		if full {
			ahead = 0
		}
	}
	c := b.takeLate(now, n, ahead, b.late.at(now))
	if err := c.within(b.inst.name, n); err != nil {
		return nil, err
	}
	if !c.ok {
		return nil, &RejectedError{Limiter: b.inst.name, Decision: c.decision(n), reason: why}
	}
	delay := c.quota.duration(max(c.tat-c.quota.tolerance-c.t, 0))
	r := &Reservation{bucket: b, claim: c, n: n, delay: delay, at: now + int64(delay), moved: b.line.moved}
	if delay > 0 {
		r.inLine = true
		b.line.list = append(b.line.list, r)
	}
	return r, nil
}

// cancel gives a reservation back and reports whether it was the first to.
func (b *TokenBucket) cancel(now int64, r *Reservation) bool {
	b.line.mu.Lock()
	defer b.line.mu.Unlock()
	if r.cancelled {
		return false
	}
	r.cancelled = true
	if !r.inLine { // its time has come, so it is before all that are in line
		b.line.list = slices.Insert(b.line.list, 0, r)
	}
	b.settle(now)
	b.counted(outcomeCancelled, r.n)
	return true
}

// served forgets the reservations whose time has come, and gives back what waited for that.
func (b *TokenBucket) served(now int64) {
	b.line.mu.Lock()
	defer b.line.mu.Unlock()
	b.settle(now)
}

// settle gives back what can be, and forgets what is over. The caller holds the line's lock.
func (b *TokenBucket) settle(now int64) {
	l := &b.line
	for n := len(l.list); n > 0; n = len(l.list) {
		last := l.list[n-1]
		if !last.cancelled && last.at > now {
			break
		}
		if last.cancelled {
			l.moved += b.release(now, last.claim, last.n, l.moved-last.moved)
		}
		last.inLine, l.list[n-1], l.list = false, nil, l.list[:n-1]
	}
	for len(l.list) > 0 && b.over(l.list[0], now) {
		l.list[0].inLine, l.list[0], l.list = false, nil, l.list[1:]
	}
}

// over reports whether the first in line need not be kept: its time has come and, if it waits to be
// given back, time has paid for it.
func (b *TokenBucket) over(r *Reservation, now int64) bool {
	if !r.cancelled {
		return r.at <= now
	}
	q := b.quota.Load()
	return q.deficit(r.claim.quota.follow(r.claim.tat, q), now) == 0
}
