package limit

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/internal/clock"
)

// cell is the generic cell rate algorithm (ATM Forum TM 4.0, 1996) in one atomic word: the
// theoretical arrival time (TAT), when the last permit given out will be paid for by time. n
// permits are free at t when max(TAT, t) + n*interval <= t + tolerance; taking them moves the TAT
// to the left side. It equals a token bucket of floor((t + tolerance - max(TAT, t)) / interval)
// tokens.
//
// max(TAT, t) makes over-admission impossible whatever the clock readings are: a reading that is
// too old can only deny.
//
// The quota may change at any time. A change (1) swaps frozen into tat, (2) publishes the new quota,
// (3) stores the TAT in new ticks. An operation reads the TAT first and the quota second, so (a) a
// new TAT comes with a new quota, and (b) an old TAT with a new quota has been swapped out, so the
// compare-and-swap fails; who does not swap reads the TAT once more. An old TAT does not come back:
// at rest, the new one is minus the number of changes; in use, it counts from another base. We do
// not put quota and TAT behind one pointer, because each take would then wait for two loads, one
// after the other.
type cell struct {
	quota   atomic.Pointer[quota]
	mu      sync.Mutex // held by changes of the quota
	changes int64      // how many there were; guarded by mu

	_   [104]byte // the TAT begins a pair of cache lines, apart from what is only read
	tat atomic.Int64

	nearLimits atomic.Int64 // decisions allowed with less than a fifth of the burst left
}

// frozen is the TAT while the quota changes.
const frozen = math.MinInt64

// claim is the outcome of one attempt to take permits.
type claim struct {
	quota *quota
	t     int64 // when, in ticks
	tat   int64 // after it when ok; what stood in the way otherwise
	ok    bool
}

// take takes n permits, n >= 1, if they are free now.
func (c *cell) take(now int64, n int) claim { return c.takeLate(now, n, 0, 0) }

// takeLate takes n permits, n >= 1, if they are free ahead ns after now at the latest, for who may still
// have permits that went unused in the late ns before now. They are not when n is above what the quota
// in the claim gives, which may just have changed.
func (c *cell) takeLate(now int64, n int, ahead, late int64) claim {
	for {
		tat, q := c.read(now)
		if n > q.most {
			return claim{quota: q}
		}
		t := q.ticks(now)
		next := max(tat, t-late<<q.shift) + int64(n)*q.interval
		if next-t > q.tolerance+min(ahead, q.horizon)<<q.shift {
			if c.tat.Load() == tat {
				return claim{quota: q, t: t, tat: tat}
			}
			continue
		}
		if c.tat.CompareAndSwap(tat, next) {
			if next-t > q.near && next-t <= q.tolerance {
				c.nearLimits.Add(1)
			}
			return claim{quota: q, t: t, tat: next, ok: true}
		}
	}
}

// allow is take of one permit, now, in the usual case; it leaves the rest to take.
func (c *cell) allow(now int64) bool {
	tat, q := c.tat.Load(), c.quota.Load()
	if since := now - q.base; tat != frozen && uint64(since) <= uint64(q.until) {
		t := since << (q.shift & 63)
		next := max(tat, t) + q.interval
		if next-t > q.tolerance {
			if c.tat.Load() == tat {
				return false
			}
		} else if c.tat.CompareAndSwap(tat, next) {
			if next-t > q.near {
				c.nearLimits.Add(1)
			}
			return true
		}
	}
	return c.take(now, 1).ok
}

// read gives the TAT and the quota it counts in, which can be used at now.
func (c *cell) read(now int64) (tat int64, q *quota) {
	for {
		tat, q = c.tat.Load(), c.quota.Load()
		switch {
		case tat == frozen:
			runtime.Gosched()
		case q.expired(now):
			c.rebase(now)
		default:
			return tat, q
		}
	}
}

// look is the state at now.
func (c *cell) look(now int64) claim {
	for {
		if tat, q := c.read(now); c.tat.Load() == tat {
			return claim{quota: q, t: q.ticks(now), tat: tat}
		}
	}
}

// within checks n against what the claim's quota gives, which may have changed since n was first
// looked at.
func (c claim) within(name string, n int) error {
	if n > c.quota.most {
		return &PermitsError{Limiter: name, Permits: n, Burst: c.quota.most}
	}
	return nil
}

// decision describes a claim of n permits.
func (c claim) decision(n int) Decision {
	d := c.quota.decide(c.t, c.tat)
	d.Allowed = c.ok
	if !c.ok {
		d.RetryAfter = c.quota.duration(max(c.tat, c.t) + int64(n)*c.quota.interval - c.quota.tolerance - c.t)
	}
	return d
}

// release gives back what time has not paid for yet of a claim of n permits. shift is how far the
// claim has moved since, and moved how far those taken after it now have.
//
// The TAT stands at the end of the permits time has yet to pay for, in the order they were taken.
// Giving back cuts the claim's part out of them; what is below now is paid, and cannot be had back. So
// later claims move towards now by the length cut out, unless there are none: then it is the exact
// inverse of the take.
func (c *cell) release(now int64, of claim, n int, shift int64) (moved int64) {
	for {
		tat, q := c.tat.Load(), c.quota.Load()
		if tat == frozen {
			runtime.Gosched()
			continue
		}
		now = max(now, clock.Now()) // read after the TAT: no one took permits between then and the swap
		if shift > 0 && q != of.quota {
			return 0 // shift is in ticks of another quota: this is rare, and giving back nothing is safe
		}
		end := of.quota.follow(of.tat, q) - shift
		unpaid := min(q.deficit(end, now), q.cost(n))
		if unpaid == 0 {
			return 0
		}
		if c.tat.CompareAndSwap(tat, tat-unpaid) {
			if tat == end {
				return 0
			}
			return unpaid
		}
	}
}

// follow gives a TAT of q in the ticks of a later quota.
func (q *quota) follow(tat int64, to *quota) int64 {
	for q != to {
		s := q.next.Load()
		tat = q.translate(tat, s.at, s.quota)
		q = s.quota
	}
	return tat
}

// rebase moves the origin of ticks to now.
func (c *cell) rebase(now int64) {
	c.change(now, func(q *quota, now int64) *quota {
		if !q.expired(now) {
			return nil // someone else did
		}
		return q.at(now)
	})
}

// retune changes rate and burst, if to's are valid, and returns the quota in force.
func (c *cell) retune(now int64, name string, to func(q *quota) (Rate, int)) (*quota, error) {
	var invalid error
	q := c.change(now, func(q *quota, now int64) *quota {
		rate, burst := to(q)
		if invalid = validQuota(name, rate, burst); invalid != nil {
			return nil
		}
		return newQuota(rate, burst, now)
	})
	return q, invalid
}

// change puts another quota in force; nil leaves it. Who had to wait for another change comes after
// it: a base that went back would give out the time between once more.
func (c *cell) change(now int64, to func(q *quota, now int64) *quota) *quota {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.quota.Load()
	now = max(now, old.base)
	q := to(old, now)
	if q == nil {
		return old
	}
	c.changes++
	tat := old.translate(c.tat.Swap(frozen), now, q)
	if tat == 0 {
		tat = -c.changes
	}
	old.next.Store(&succession{quota: q, at: now})
	c.quota.Store(q)
	c.tat.Store(tat)
	return q
}
