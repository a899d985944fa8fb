package limit

import (
	"context"
	"fmt"
	"math"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// LeakyBucket makes a stream smooth: callers pour in as they come, and leave one at a time, an interval
// of the rate apart, in order of arrival. What it never does is let a burst through, however long it
// was idle. Most callers want [LeakyBucket.Wait].
//
// In any stretch of time t it lets at most rate*(t + CatchUp) + 1 permits leave, and no more than
// rate*t + 1 unless a caller woke late: that one, and those after it, may then make up the time lost,
// up to CatchUp of it. So one goroutine that waits in a loop gets its rate, even where permits
// come faster than the machine can wake it: it gets those of one sleep together. No permit comes
// before its time.
//
// It is the cell of a [TokenBucket] with room for one permit. All methods are safe for concurrent use.
// It starts no goroutine.
type LeakyBucket struct{ bucket TokenBucket }

// NewLeakyBucket makes a leaky bucket. The name is its telemetry's and its errors'. A wrong config is
// an error that names every field at fault. Close it when it is no longer needed.
func NewLeakyBucket(name string, cfg LeakyBucketConfig, opts ...Option) (*LeakyBucket, error) {
	if err := core.Configure("limit", name, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	l := &LeakyBucket{TokenBucket{inst: newInstrument(name, opts), maxWaiters: int64(cfg.MaxWaiters)}}
	b := &l.bucket
	b.inst.algorithm = flowconv.LimiterAlgorithmLeakyBucket
	b.metrics = b.inst.points()
	b.late.bound = int64(cfg.CatchUp)
	b.quota.Store(newPace(cfg.Rate, clock.Now()))
	b.inst.start((*reading)(b))
	return l, nil
}

// newPace makes the quota of one permit at a time, of which as many may be waited for together as
// come before the horizon.
func newPace(rate Rate, base int64) *quota {
	q := newQuota(rate, 1, base)
	q.most = int(min(maxTicks/q.interval, math.MaxInt32))
	q.near = math.MaxInt64 // the one permit is always the last
	return q
}

// Name is the name the bucket was made with.
func (l *LeakyBucket) Name() string { return l.bucket.inst.name }

// Allow takes a permit if one may leave now. It never blocks.
func (l *LeakyBucket) Allow(ctx context.Context) bool { return l.AllowN(ctx, 1) }

// AllowN takes a permit if one may leave now. It never blocks. It is false for n other than 1, as
// [LeakyBucket.Take] says.
func (l *LeakyBucket) AllowN(ctx context.Context, n int) bool {
	b := &l.bucket
	if b.inst.scope.Traced(ctx) {
		d, err := l.takeTraced(ctx, spanAllow, n)
		return err == nil && d.Allowed
	}
	now := clock.Now()
	ok := n == 1 && b.takeLate(now, 1, 0, b.late.at(now)).ok
	b.counted(outcomeOf(ok, 0), n)
	return ok
}

// Take takes a permit if one may leave now, and describes the decision. It never blocks, nor
// overtakes those who wait. The error is a [*PermitsError] when n is not 1: several permits never
// leave at once, they can only be waited for.
func (l *LeakyBucket) Take(ctx context.Context, n int) (Decision, error) {
	if l.bucket.inst.scope.Traced(ctx) {
		return l.takeTraced(ctx, spanTake, n)
	}
	return l.decide(clock.Now(), n)
}

func (l *LeakyBucket) takeTraced(ctx context.Context, verb string, n int) (Decision, error) {
	start := clock.Now()
	d, err := l.decide(start, n)
	l.bucket.inst.trace(ctx, verb, start, observation{n: n, outcome: outcomeOf(d.Allowed, 0), retryAfter: d.RetryAfter}, err)
	return d, err
}

// decide takes, counts and describes.
func (l *LeakyBucket) decide(now int64, n int) (d Decision, err error) {
	b := &l.bucket
	if n == 1 {
		d = b.takeLate(now, 1, 0, b.late.at(now)).decision(1)
	} else {
		err = &PermitsError{Limiter: b.inst.name, Permits: n, Burst: 1}
	}
	b.counted(outcomeOf(d.Allowed, 0), n)
	return d, err
}

// Wait blocks until it is the caller's turn to leave. It fails at once with a [*RejectedError] when
// ctx's deadline is before that time (the error matches context.DeadlineExceeded), or when MaxWaiters
// wait already. When ctx ends while it waits, its turn is given back: the time goes to those who come
// later, while those who wait behind it keep theirs; the error wraps context.Cause(ctx).
func (l *LeakyBucket) Wait(ctx context.Context) error { return l.bucket.WaitN(ctx, 1) }

// WaitN is [LeakyBucket.Wait] for n permits in a row: it blocks until the last of them may leave, n-1
// intervals after the first. The error is a [*PermitsError] when n is not positive, or so high that
// they would take hours.
func (l *LeakyBucket) WaitN(ctx context.Context, n int) error { return l.bucket.WaitN(ctx, n) }

// SetRate changes the rate. Callers already waiting keep their time.
func (l *LeakyBucket) SetRate(ctx context.Context, rate Rate) error {
	if err := validQuota(l.bucket.inst.name, rate, 1); err != nil {
		return err
	}
	q := l.bucket.change(clock.Now(), func(_ *quota, now int64) *quota { return newPace(rate, now) })
	l.bucket.inst.quotaChanged(ctx, q.rate, q.burst)
	return nil
}

// Stats reads the counters and the state.
func (l *LeakyBucket) Stats() Stats { return l.bucket.Stats() }

// Close takes the bucket out of telemetry; its counts stay in its kind's totals. Decisions made
// afterwards are as right as before, but not counted there. It is idempotent.
func (l *LeakyBucket) Close() { l.bucket.Close() }

// String gives the name and rate.
func (l *LeakyBucket) String() string {
	return fmt.Sprintf("leaky bucket %q: %v", l.bucket.inst.name, l.bucket.quota.Load().rate)
}
