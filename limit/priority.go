package limit

import (
	"context"
	"math"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
)

// Priority is a view of a [TokenBucket] for requests that matter less: it leaves a share of the burst to
// those that matter more. It takes from the same bucket and is counted there; there may be any number of
// views. All methods are safe for concurrent use.
type Priority struct {
	bucket *TokenBucket
	leave  float64
}

// Priority makes a view that leaves a share of the burst, from 0 to below 1, to others: with 0.2 of 10
// permits it gives permits only while more than 2 are left. While those who matter more leave no
// more than that, the view gets nothing. A share that leaves the view no permit is an error.
func (b *TokenBucket) Priority(leave float64) (*Priority, error) {
	var faults core.Faults
	faults.Require(leave >= 0 && leave < 1, "leave", leave, "must be from 0 to below 1")
	p := &Priority{b, leave}
	if q := b.quota.Load(); leave >= 0 && leave < 1 {
		faults.Require(p.left(q) < q.burst, "leave", leave, "must leave this view a permit")
	}
	if err := core.Configure("limit", b.inst.name, faults.Err()); err != nil {
		return nil, err
	}
	return p, nil
}

// left is how many permits of a quota the view leaves.
func (p *Priority) left(q *quota) int { return int(math.Ceil(p.leave * float64(q.burst))) }

// Name is the bucket's name.
func (p *Priority) Name() string { return p.bucket.inst.name }

// Allow takes a permit if there is one beyond those to be left. It never blocks.
func (p *Priority) Allow(ctx context.Context) bool {
	d, err := p.traced(ctx, spanAllow, 1)
	return err == nil && d.Allowed
}

// Take takes n permits if there are so many beyond those to be left, or none, and describes the
// decision as this view sees the bucket: Limit is the burst less what is left to others. It never
// blocks. The error is a [*PermitsError] when n is not positive or above that limit.
func (p *Priority) Take(ctx context.Context, n int) (Decision, error) {
	return p.traced(ctx, spanTake, n)
}

func (p *Priority) traced(ctx context.Context, verb string, n int) (Decision, error) {
	start := clock.Now()
	d, err := p.decide(start, n)
	if b := p.bucket; b.inst.scope.Traced(ctx) {
		b.inst.trace(ctx, verb, start, observation{n: n, outcome: outcomeOf(d.Allowed, 0), retryAfter: d.RetryAfter}, err)
	}
	return d, err
}

// decide takes, counts and describes.
func (p *Priority) decide(now int64, n int) (d Decision, err error) {
	c, left := p.take(now, n)
	if most := c.quota.burst - left; n <= 0 || n > most {
		err = &PermitsError{Limiter: p.bucket.inst.name, Permits: n, Burst: most}
	} else {
		d = c.leaving(n, left)
	}
	p.bucket.counted(outcomeOf(d.Allowed, 0), n)
	return d, err
}

// take is cell.take for who leaves permits. It also says how many.
func (p *Priority) take(now int64, n int) (claim, int) {
	for c := &p.bucket.cell; ; {
		tat, q := c.read(now)
		left := p.left(q)
		if n <= 0 || n > q.burst-left {
			return claim{quota: q}, left
		}
		t := q.ticks(now)
		next := max(tat, t) + int64(n)*q.interval
		if next-t > q.tolerance-int64(left)*q.interval {
			if c.tat.Load() == tat {
				return claim{quota: q, t: t, tat: tat}, left
			}
			continue
		}
		if c.tat.CompareAndSwap(tat, next) {
			return claim{quota: q, t: t, tat: next, ok: true}, left
		}
	}
}

// leaving describes a claim of n permits by who leaves some.
func (c claim) leaving(n, left int) Decision {
	q := c.quota
	until := func(permits int) int64 {
		return max(c.tat, c.t) + int64(permits)*q.interval - q.tolerance - c.t
	}
	d := q.decide(c.t, c.tat)
	d.Allowed = c.ok
	d.Limit = q.burst - left
	d.Remaining = max(d.Remaining-left, 0)
	d.Window = q.duration(int64(d.Limit) * q.interval)
	if d.NextAfter > 0 && d.Remaining < d.Limit {
		d.NextAfter = q.duration(until(left + d.Remaining + 1))
	}
	if !c.ok {
		d.RetryAfter = q.duration(until(n + left))
	}
	return d
}
