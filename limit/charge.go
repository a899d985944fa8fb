package limit

import (
	"context"
	"hash/maphash"

	"github.com/goflow-go/goflow/internal/clock"
)

// Charge takes n permits without asking: for work already done, whose cost is known late, or as a
// penalty. It never blocks. Where they are not there, the bucket goes into debt, by one burst at most
// (what is above is forgiven), and gives nothing until time has paid. The decision is allowed when
// they were there; otherwise RetryAfter is when a permit can be had again. The error is a
// [*PermitsError] when n is not positive.
func (b *TokenBucket) Charge(ctx context.Context, n int) (Decision, error) {
	now := clock.Now()
	d, err := b.chargeAt(now, n)
	if b.inst.scope.Traced(ctx) {
		b.inst.trace(ctx, spanCharge, now, observation{n: n, outcome: chargeOutcome(d), retryAfter: d.RetryAfter}, err)
	}
	return d, err
}

func (b *TokenBucket) chargeAt(now int64, n int) (Decision, error) {
	if n <= 0 {
		return Decision{}, &PermitsError{Limiter: b.inst.name, Permits: n, Burst: b.quota.Load().most}
	}
	b.charged.Add(int64(n))
	return b.charge(now, n).decision(1), nil
}

// Charge takes n permits of key's without asking, as [TokenBucket.Charge] does.
func (k *Keyed) Charge(ctx context.Context, key string, n int) (Decision, error) {
	now := clock.Now()
	d, err := k.chargeAt(now, key, n)
	if k.inst.scope.Traced(ctx) {
		k.inst.trace(ctx, spanCharge, now, observation{
			n: n, outcome: chargeOutcome(d), retryAfter: d.RetryAfter, key: key,
		}, err)
	}
	return d, err
}

func (k *Keyed) chargeAt(now int64, key string, n int) (Decision, error) {
	q := k.overflow.quota.Load()
	if n <= 0 {
		return Decision{}, &PermitsError{Limiter: k.inst.name, Permits: n, Burst: q.burst}
	}
	k.charged.Add(int64(n))
	h := maphash.String(k.seed, key)
	s := &k.shards[h>>(64-shardBits)]
	c, held := k.take(s, h, k.class(key), now, n, true)
	if !held {
		s.overflowed.Add(1)
		c = k.overflow.charge(now, n)
	}
	return c.decision(1), nil
}

// chargeOutcome is what the span of a charge says: permits of a later time were taken when there were
// none now.
func chargeOutcome(d Decision) outcome {
	if d.Allowed {
		return outcomeAllowed
	}
	return outcomeDelayed
}

// charge takes n permits, whether they are free or not.
func (c *cell) charge(now int64, n int) claim {
	for {
		tat, q := c.read(now)
		t := q.ticks(now)
		if next := q.charged(t, tat, n); c.tat.CompareAndSwap(tat, next) {
			return claim{quota: q, t: t, tat: next, ok: next-t <= q.tolerance}
		}
	}
}

// charged is the TAT after a charge of n permits: at most a burst beyond the one that can be in use, but
// where it is already.
func (q *quota) charged(t, tat int64, n int) int64 {
	return max(tat, min(max(tat, t)+q.cost(n), t+2*q.tolerance))
}
