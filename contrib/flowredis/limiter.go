package flowredis

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/goflow-go/goflow/limit"
)

// Limiter is one limit for everyone who asks, in every process that shares it. Most callers want
// [Limiter.Allow] in a handler, and [Limiter.Wait] in a worker. It is a limit.Limiter and a
// limit.Waiter, so limit.Reject and limit.Pace take it, and a handler does not know which it has.
//
// A decision is one round trip, of one script, within the coordinator's budget. All methods are safe
// for concurrent use. It starts no goroutine.
type Limiter struct {
	shared
	target target

	maxWaiters int64
	waiting    atomic.Int64
	turn       chan struct{} // held by the one who asks for those who wait; Go serves senders in order
}

var (
	_ limit.Limiter = (*Limiter)(nil)
	_ limit.Waiter  = (*Limiter)(nil)
)

func newLimiter(name string, c *Coordinator, set settings, opts []Option) (*Limiter, error) {
	l := &Limiter{turn: make(chan struct{}, 1)}
	set = set.withDefaults()
	if err := l.init(name, c, set, opts); err != nil {
		return nil, err
	}
	l.maxWaiters = int64(set.maxWaiters)
	if set.cacheDenials || set.lease > 0 {
		l.denials = newDenials(1)
	}
	l.target.state = named(c.cfg.Prefix, name, set.algorithm.kind)
	l.quotaKey = named(c.cfg.Prefix, name, set.algorithm.kind+"-quota")
	l.reach = true // the hash tag is the same
	l.tally.waiting = &l.waiting
	l.share.newLocal = func(rate limit.Rate, burst int) (local, error) {
		b, err := limit.NewTokenBucket(name, limit.TokenBucketConfig{Rate: rate, Burst: burst}, silent)
		return localBucket{b}, err
	}
	l.open()
	return l, nil
}

// Allow takes a permit if there is one. It waits for Redis, within the budget and ctx, never for permits.
func (l *Limiter) Allow(ctx context.Context) bool { return l.AllowN(ctx, 1) }

// AllowN takes n permits if there are so many, or none. It is false when [Limiter.Take] gives an error.
func (l *Limiter) AllowN(ctx context.Context, n int) bool {
	d, err := l.take(ctx, spanAllow, l.target, n)
	return err == nil && d.Allowed
}

// Take takes n permits if there are so many, or none, and describes the decision, in times that are
// exact to a microsecond. It waits for Redis, within the budget and ctx. The error is a
// *limit.PermitsError when n is not positive or above the burst, a [*CanceledError] when ctx ends, and an
// [*UnavailableError] when Redis cannot be asked and the limiter fails closed.
func (l *Limiter) Take(ctx context.Context, n int) (limit.Decision, error) {
	return l.take(ctx, spanTake, l.target, n)
}

// String gives the name, rate and burst.
func (l *Limiter) String() string {
	q := l.quota.Load()
	return fmt.Sprintf("shared limiter %q: %v, burst %d", l.name, q.rate, q.burst)
}
