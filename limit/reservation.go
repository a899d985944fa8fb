package limit

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// Reservation is permits given out for a time that may lie ahead: act after [Reservation.Delay], or
// give them back with [Reservation.Cancel]. Its methods are safe for concurrent use.
type Reservation struct {
	bucket    *TokenBucket
	claim     claim
	n         int
	at        int64 // when the permits may be used, on internal/clock
	cancelled atomic.Bool
}

// Reserve takes n permits now or for the earliest later time, and never blocks. The error is a
// [*PermitsError] when n is not positive or above the burst, and a [*RejectedError] when so much is
// reserved already that the permits would be hours or years away (2,000 refills of the burst at
// the least).
func (b *TokenBucket) Reserve(ctx context.Context, n int) (*Reservation, error) {
	now := clock.Now()
	c, delay, err := b.claimAhead(now, n, math.MaxInt64)
	outcome := outcomeOf(err == nil, delay)
	b.counted(outcome, n)
	if b.inst.scope.Traced(ctx) {
		b.inst.trace(ctx, spanReserve, now, observation{n: n, outcome: outcome}, err)
	}
	if err != nil {
		return nil, err
	}
	return &Reservation{bucket: b, claim: c, n: n, at: now + int64(delay)}, nil
}

// claimAhead takes n permits that come ahead ns after now at the latest, and says how long they
// are away. It does not count.
func (b *TokenBucket) claimAhead(now int64, n int, ahead int64) (c claim, delay time.Duration, err error) {
	if err := b.permits(n); err != nil {
		return claim{}, 0, err
	}
	c = b.take(now, n, ahead)
	if !c.ok {
		return c, 0, &RejectedError{Limiter: b.inst.name, Decision: c.decision(n), reason: tooLate}
	}
	return c, c.quota.duration(max(c.tat-c.quota.tolerance-c.t, 0)), nil
}

// Delay is how long from now until the permits may be used; zero when they may.
func (r *Reservation) Delay() time.Duration {
	return time.Duration(max(r.at-clock.Now(), 0))
}

// Cancel gives the permits back and reports whether it was the first to. Cancelled before Delay has
// passed, or before anyone else took a permit, it is the exact inverse of Reserve: the bucket is as
// if the reservation had never been. Cancelled later, it gives back what time has not paid for yet,
// and never so much that the bucket could allow more than rate*t + burst.
func (r *Reservation) Cancel() bool {
	if r.cancelled.Swap(true) {
		return false
	}
	r.bucket.release(clock.Now(), r.claim, r.n)
	r.bucket.cancelled.Add(1)
	return true
}
