package limit

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/stripe"
)

// TokenBucket is a token bucket: it gives out permits at a rate, and up to a burst of them at once
// when they were not used before. It starts full. Most callers want [TokenBucket.Allow] in a
// handler, and [TokenBucket.Wait] in a worker.
//
// It is the generic cell rate algorithm on one atomic word: a decision is one clock reading and one
// compare-and-swap, a denial writes nothing but its count. However many goroutines ask, in any
// stretch of time t it allows at most rate*t + burst permits. All methods are safe for concurrent
// use. It starts no goroutine.
type TokenBucket struct {
	cell // ends with the TAT; what follows shares its cache line
	tally
	_ [80]byte

	inst       instrument
	metrics    points
	maxWaiters int64
	line       line
	late       lateness // of a LeakyBucket
	denied     stripe.Counter
	refunded   atomic.Int64 // permits
	charged    atomic.Int64 // permits
}

// tally is what a limiter counts: in the line of the TAT, which a permit has just made ours.
type tally struct {
	allowed   atomic.Int64 // decisions: permitted at once
	delayed   atomic.Int64 // decisions: permitted for later
	cancelled atomic.Int64 // decisions: given back
	more      atomic.Int64 // permits beyond the first of each decision
	waiting   atomic.Int64 // callers waiting now
}

// NewTokenBucket makes a token bucket. The name is its telemetry's and its errors'. A wrong config
// is an error that names every field at fault. Close it when it is no longer needed.
func NewTokenBucket(name string, cfg TokenBucketConfig, opts ...Option) (*TokenBucket, error) {
	if err := core.Configure("limit", name, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	b := &TokenBucket{inst: newInstrument(name, opts), maxWaiters: int64(cfg.MaxWaiters)}
	b.metrics = b.inst.points()
	b.quota.Store(newWarming(cfg, clock.Now()))
	b.inst.start((*reading)(b))
	return b, nil
}

// Name is the name the bucket was made with.
func (b *TokenBucket) Name() string { return b.inst.name }

// Allow takes a permit if there is one. It never blocks.
func (b *TokenBucket) Allow(ctx context.Context) bool {
	if b.inst.scope.Traced(ctx) {
		return b.AllowN(ctx, 1)
	}
	if b.allow(clock.Now()) {
		b.allowed.Add(1)
		return true
	}
	b.denied.Add(1)
	return false
}

// AllowN takes n permits if there are so many, or none. It never blocks. It is false for n that
// [TokenBucket.Take] refuses with an error.
func (b *TokenBucket) AllowN(ctx context.Context, n int) bool {
	if b.inst.scope.Traced(ctx) {
		d, err := b.takeTraced(ctx, spanAllow, n)
		return err == nil && d.Allowed
	}
	ok := b.permits(n) == nil && b.take(clock.Now(), n).ok
	b.counted(outcomeOf(ok, 0), n)
	return ok
}

// Take takes n permits if there are so many, or none, and describes the decision. It never blocks.
// The error is a [*PermitsError] when n is not positive or above the burst.
func (b *TokenBucket) Take(ctx context.Context, n int) (Decision, error) {
	if b.inst.scope.Traced(ctx) {
		return b.takeTraced(ctx, spanTake, n)
	}
	return b.decide(clock.Now(), n)
}

// admit is Allow with an error that describes a denial.
func (b *TokenBucket) admit(ctx context.Context) error {
	var d Decision
	if b.inst.scope.Traced(ctx) {
		d, _ = b.takeTraced(ctx, spanTake, 1) // one permit is never too many
	} else {
		now := clock.Now()
		if b.allow(now) {
			b.allowed.Add(1)
			return nil
		}
		c := b.take(now, 1) // again, for what stood in the way
		b.counted(outcomeOf(c.ok, 0), 1)
		d = c.decision(1)
	}
	if d.Allowed {
		return nil
	}
	return &RejectedError{Limiter: b.inst.name, Decision: d}
}

func (b *TokenBucket) takeTraced(ctx context.Context, verb string, n int) (Decision, error) {
	start := clock.Now()
	d, err := b.decide(start, n)
	b.inst.trace(ctx, verb, start, observation{n: n, outcome: outcomeOf(d.Allowed, 0), retryAfter: d.RetryAfter}, err)
	return d, err
}

// decide takes, counts and describes.
func (b *TokenBucket) decide(now int64, n int) (d Decision, err error) {
	if err = b.permits(n); err == nil {
		c := b.take(now, n)
		if err = c.within(b.inst.name, n); err == nil {
			d = c.decision(n)
		}
	}
	b.counted(outcomeOf(d.Allowed, 0), n)
	return d, err
}

// permits checks a number of permits.
func (b *TokenBucket) permits(n int) error {
	if most := b.quota.Load().most; n <= 0 || n > most {
		return &PermitsError{Limiter: b.inst.name, Permits: n, Burst: most}
	}
	return nil
}

// counted counts a decision about n permits.
func (b *TokenBucket) counted(o outcome, n int) {
	switch o {
	case outcomeAllowed:
		b.allowed.Add(1)
	case outcomeDelayed:
		b.delayed.Add(1)
	case outcomeCancelled:
		b.cancelled.Add(1)
		return
	case outcomeDenied, outcomeShadowed: // a bucket shadows nothing
		b.denied.Add(1)
		return
	}
	if n > 1 {
		b.more.Add(int64(n - 1))
	}
}

// SetRate changes the rate. Permits in use stay in use; callers already waiting keep their time.
func (b *TokenBucket) SetRate(ctx context.Context, rate Rate) error {
	return b.set(ctx, func(q *quota) (Rate, int) { return rate, q.burst })
}

// SetBurst changes the burst. Permits in use stay in use: a larger burst is free at once, a smaller
// one may take time to come back to.
func (b *TokenBucket) SetBurst(ctx context.Context, burst int) error {
	return b.set(ctx, func(q *quota) (Rate, int) { return q.rate, burst })
}

func (b *TokenBucket) set(ctx context.Context, to func(q *quota) (Rate, int)) error {
	q, err := b.retune(clock.Now(), b.inst.name, to)
	if err == nil {
		b.inst.quotaChanged(ctx, q.rate, q.burst)
	}
	return err
}

// Close takes the bucket out of telemetry; its counts stay in its kind's totals. Decisions made
// afterwards are as right as before, but not counted there. It is idempotent.
func (b *TokenBucket) Close() { b.inst.stop() }

// String gives the name, rate and burst.
func (b *TokenBucket) String() string {
	q := b.quota.Load()
	return fmt.Sprintf("token bucket %q: %v, burst %d", b.inst.name, q.rate, q.burst)
}
