package limit

import (
	"context"
	"hash/maphash"
	"slices"
	"sync/atomic"

	"github.com/goflow-go/goflow/internal/clock"
)

// Refunder is the optional second face of a [Limiter] that takes back permits that went unused. [All]
// needs it of all its limiters but one.
type Refunder interface {
	Limiter
	// TakeRefundable is Take; the receipt says what was taken.
	TakeRefundable(ctx context.Context, n int) (Decision, Receipt, error)
	// Refund gives back n of a receipt's permits. A receipt is good for one Refund. It does not
	// wait for anything but a server, and is not kept from its work by a ctx that has ended.
	Refund(ctx context.Context, r Receipt, n int)
}

// KeyedRefunder is a [Refunder] for each key.
type KeyedRefunder interface {
	KeyedLimiter
	TakeRefundable(ctx context.Context, key string, n int) (Decision, Receipt, error)
	Refund(ctx context.Context, r Receipt, n int)
}

// Receipt says what was taken, so that it can be given back. It is a plain value.
type Receipt struct {
	Permits int // how many were taken; 0 when denied
	Note    any // what a limiter outside this package needs to know

	of     any // the limiter that gave it
	claim  claim
	at     int64  // when, on internal/clock
	moved  int64  // of a TokenBucket: its line.moved then
	hash   uint64 // of a Keyed limiter: the key's
	shared bool   // of a Keyed limiter: taken from the shared bucket
}

// receipt makes the receipt of a claim.
func receipt(of any, c claim, n int, at int64) Receipt {
	r := Receipt{of: of, claim: c, at: at}
	if c.ok {
		r.Permits = n
	}
	return r
}

// TakeRefundable is [TokenBucket.Take]; what it took can be given back with [TokenBucket.Refund].
func (b *TokenBucket) TakeRefundable(ctx context.Context, n int) (Decision, Receipt, error) {
	now := clock.Now()
	d, r, err := b.takeRefundable(now, n)
	if b.inst.scope.Traced(ctx) {
		b.inst.trace(ctx, spanTake, now, observation{n: n, outcome: outcomeOf(d.Allowed, 0), retryAfter: d.RetryAfter}, err)
	}
	return d, r, err
}

func (b *TokenBucket) takeRefundable(now int64, n int) (d Decision, r Receipt, err error) {
	if err = b.permits(n); err == nil {
		b.line.mu.Lock() // no one moves the claim before it is written down how far others have been
		c, moved := b.take(now, n), b.line.moved
		b.line.mu.Unlock()
		if err = c.within(b.inst.name, n); err == nil {
			d, r = c.decision(n), receipt(b, c, n, now)
			r.moved = moved
		}
	}
	b.counted(outcomeOf(d.Allowed, 0), n)
	return d, r, err
}

// Refund gives back n of the permits of a receipt from [TokenBucket.TakeRefundable], as far as
// [Reservation.Cancel] would: if no one took permits since, it is the exact inverse. It never blocks.
// A receipt of another limiter is not taken.
func (b *TokenBucket) Refund(ctx context.Context, r Receipt, n int) {
	now := clock.Now()
	n = min(n, r.Permits)
	if r.of != any(b) || n <= 0 {
		return
	}
	b.refund(now, r, n)
	if b.inst.scope.Traced(ctx) {
		b.inst.trace(ctx, spanRefund, now, observation{n: n, outcome: outcomeCancelled}, nil)
	}
}

func (b *TokenBucket) refund(now int64, r Receipt, n int) {
	b.refunded.Add(int64(n))
	b.line.mu.Lock()
	defer b.line.mu.Unlock()
	b.settle(now)
	l := &b.line
	if len(l.list) == 0 {
		l.moved += b.release(now, r.claim, n, l.moved-r.moved)
		return
	}
	l.list = slices.Insert(l.list, 0, &Reservation{bucket: b, claim: r.claim, n: n, moved: r.moved, inLine: true, cancelled: true})
	b.settle(now)
}

// TakeRefundable is [Keyed.Take]; what it took can be given back with [Keyed.Refund].
func (k *Keyed) TakeRefundable(ctx context.Context, key string, n int) (Decision, Receipt, error) {
	now := clock.Now()
	d, r, err := k.takeRefundable(now, key, n)
	if k.inst.scope.Traced(ctx) {
		k.inst.trace(ctx, spanTake, now, observation{
			n: n, outcome: outcomeOf(d.Allowed, 0), retryAfter: d.RetryAfter, key: key,
		}, err)
	}
	return d, r, err
}

func (k *Keyed) takeRefundable(now int64, key string, n int) (Decision, Receipt, error) {
	h := maphash.String(k.seed, key)
	c, held, err := k.claimHashed(now, h, k.class(key), n)
	if err != nil {
		return Decision{}, Receipt{}, err
	}
	r := receipt(k, c, n, now)
	r.hash, r.shared = h, !held
	return c.decision(n), r, nil
}

// Refund gives back n of the permits of a receipt from [Keyed.TakeRefundable], as far as time has not
// paid for them since: at once, that is all of them; after a change of the quota, none. It waits for no
// permits. A receipt of another limiter is not taken.
func (k *Keyed) Refund(ctx context.Context, r Receipt, n int) {
	now := clock.Now()
	n = min(n, r.Permits)
	if r.of != any(k) || n <= 0 {
		return
	}
	k.refund(now, r, n)
	if k.inst.scope.Traced(ctx) {
		k.inst.trace(ctx, spanRefund, now, observation{n: n, outcome: outcomeCancelled}, nil)
	}
}

func (k *Keyed) refund(now int64, r Receipt, n int) {
	k.refunded.Add(int64(n))
	if r.shared {
		c := &k.overflow
		c.mu.Lock()
		defer c.mu.Unlock()
		r.release(&c.tat, c.quota.Load(), now, n)
		return
	}
	s := &k.shards[r.hash>>(64-shardBits)]
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.table.Load()
	if sl := t.held(r.hash); sl != nil {
		q := t.quota
		if k.classOf != nil {
			q = r.claim.quota
		}
		r.release(&sl.tat, q, now, n)
	}
}

// release gives back n permits to a TAT in q's ticks. The caller holds a lock that lets no one else
// lower the TAT, or change the quota.
//
// It is not known where the claim lies among those that time has yet to pay for; but it began to be
// paid for no earlier than when it was taken. What cannot have been paid since is given back. The clock
// is read after the TAT: if the swap succeeds no one took permits in between, and this is what would
// have happened then.
func (r *Receipt) release(word *atomic.Int64, q *quota, now int64, n int) {
	if q.interval != r.claim.quota.interval || q.shift != r.claim.quota.shift {
		return
	}
	for cost := q.cost(r.Permits); ; {
		tat := word.Load()
		since := max(now, clock.Now()) - r.at
		if since > cost>>q.shift {
			return
		}
		if word.CompareAndSwap(tat, tat-min(cost-since<<q.shift, q.cost(n))) {
			return
		}
	}
}

// held gives the slot of a hash, or nil. The caller holds the shard's lock.
func (t *table) held(h uint64) *slot {
	h = min(max(h, 1), closed-1)
	for i := place(h, len(t.slots)); ; i = (i + 1) % len(t.slots) {
		switch s := &t.slots[i]; s.hash.Load() {
		case h:
			return s
		case 0:
			return nil
		}
	}
}

// TakeRefundable is [Keyed.TakeRefundable] of this key.
func (o one) TakeRefundable(ctx context.Context, n int) (Decision, Receipt, error) {
	return o.keyed.TakeRefundable(ctx, o.key, n)
}

// Refund is [Keyed.Refund].
func (o one) Refund(ctx context.Context, r Receipt, n int) { o.keyed.Refund(ctx, r, n) }
