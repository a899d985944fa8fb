package limit

import (
	"context"
	"math"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// Reservation is permits given out for a time that may lie ahead: act after [Reservation.Delay], or
// give them back with [Reservation.Cancel]. Its methods are safe for concurrent use.
type Reservation struct {
	bucket *TokenBucket
	claim  claim
	n      int
	delay  time.Duration // when it was taken
	at     int64         // when the permits may be used, on internal/clock
	moved  int64         // line.moved when it was taken

	inLine, cancelled bool // guarded by line.mu
}

// Reserve takes n permits now or for the earliest later time, and never blocks. The error is a
// [*PermitsError] when n is not positive or above the burst, and a [*RejectedError] when MaxWaiters
// reservations are still to come, or so much is reserved that the permits would be hours away: nine
// at the least, and eight refills of the burst.
func (b *TokenBucket) Reserve(ctx context.Context, n int) (*Reservation, error) {
	now := clock.Now()
	r, err := b.reserve(now, n, math.MaxInt64)
	outcome := outcomeDenied
	if err == nil {
		outcome = outcomeOf(true, r.delay)
	}
	b.counted(outcome, n)
	if b.inst.scope.Traced(ctx) {
		b.inst.trace(ctx, spanReserve, now, observation{n: n, outcome: outcome}, err)
	}
	return r, err
}

// Delay is how long from now until the permits may be used; zero when they may.
func (r *Reservation) Delay() time.Duration {
	return time.Duration(max(r.at-clock.Now(), 0))
}

// Cancel gives the permits back and reports whether it was the first to. Cancelled before anyone else
// took a permit, it is the exact inverse of Reserve: the bucket is as if the reservation had never
// been. Who took permits later keeps them, and their time; then the bucket gets back what time has not
// paid for yet, once none of those is still to come, and never so much that it could allow more than
// rate*t + burst.
func (r *Reservation) Cancel() bool { return r.bucket.cancel(clock.Now(), r) }
