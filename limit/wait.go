package limit

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
)

// Wait takes a permit, and blocks until it comes; callers are served in order of arrival. It fails
// at once with a [*RejectedError] when ctx's deadline is before that time (the error matches
// context.DeadlineExceeded; so it does when the time is as far away as [TokenBucket.Reserve] refuses),
// or when MaxWaiters wait already. When ctx ends while it waits, the
// permit is given back as [Reservation.Cancel] does (those who wait behind it keep their time), and the
// error wraps context.Cause(ctx).
func (b *TokenBucket) Wait(ctx context.Context) error { return b.WaitN(ctx, 1) }

// WaitN is [TokenBucket.Wait] for n permits. The error is a [*PermitsError] when n is not positive or
// above the burst.
func (b *TokenBucket) WaitN(ctx context.Context, n int) error {
	start := clock.Now()
	outcome, err := b.wait(ctx, start, n)
	if outcome != outcomeCancelled { // cancel has counted that, and wait that it was delayed
		b.counted(outcome, n)
	}
	if b.inst.scope.Traced(ctx) {
		b.inst.trace(ctx, spanWait, start, observation{n: n, outcome: outcome}, err)
	}
	return err
}

func (b *TokenBucket) wait(ctx context.Context, start int64, n int) (outcome, error) {
	if ctx.Err() != nil {
		return outcomeDenied, waitError(b.inst.name, context.Cause(ctx))
	}
	if err := b.permits(n); err != nil {
		return outcomeDenied, err
	}
	c := b.takeLate(start, n, 0, b.late.at(start))
	if c.ok {
		return outcomeAllowed, nil
	}
	defer b.waiting.Add(-1)
	if b.waiting.Add(1) > b.maxWaiters {
		return outcomeDenied, &RejectedError{Limiter: b.inst.name, Decision: c.decision(n), reason: queueFull}
	}
	ahead := int64(math.MaxInt64)
	if deadline, ok := ctx.Deadline(); ok {
		ahead = max(int64(time.Until(deadline)), 0)
	}
	r, err := b.reserve(start, n, ahead)
	if err != nil {
		return outcomeDenied, err
	}
	if err := sleep(ctx, r.delay); err != nil {
		now := clock.Now()
		b.counted(outcomeDelayed, n)
		b.cancel(now, r)
		err = waitError(b.inst.name, err)
		b.inst.waited(ctx, now-start, err)
		return outcomeCancelled, err
	}
	now := clock.Now()
	b.late.note(r.at, now)
	b.served(now)
	b.inst.waited(ctx, now-start, nil)
	return outcomeOf(true, r.delay), nil
}

// sleep blocks for d, or until ctx ends: then it returns the cause.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// waitError says who waited when the caller gave up.
func waitError(name string, cause error) error {
	return &WaitError{Limiter: name, Err: cause}
}

// WaitError says that the caller's context ended before its permits came. It wraps the cause.
type WaitError struct {
	Limiter string // the limiter's name
	Err     error  // context.Cause of the caller's context
}

// Error reads `limit: "api": gave up waiting: context canceled`.
func (e *WaitError) Error() string {
	return fmt.Sprintf("limit: %q: gave up waiting: %v", e.Limiter, e.Err)
}

// Unwrap gives the cause.
func (e *WaitError) Unwrap() error { return e.Err }

// ErrorType is timeout or canceled.
func (e *WaitError) ErrorType() string {
	if class := core.ErrorType(e.Err); class == core.TypeTimeout {
		return class
	}
	return core.TypeCanceled
}
