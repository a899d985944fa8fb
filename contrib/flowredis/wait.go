package flowredis

import (
	"context"
	"errors"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/limit"
)

// Wait takes a permit, and blocks until it comes. Callers of one process are served in order of arrival,
// and only the first of them asks Redis, whenever it was told to come back: so processes compete as one
// caller each, and none is ahead of the others for long. It fails at once when MaxWaiters wait already,
// and, for the first in line, when ctx's deadline is before its permits could come; both are
// *limit.RejectedError, and the latter matches context.DeadlineExceeded. When ctx ends while it waits
// nothing was taken, and the error is a *limit.WaitError.
func (l *Limiter) Wait(ctx context.Context) error { return l.WaitN(ctx, 1) }

// WaitN is [Limiter.Wait] for n permits. The error is a *limit.PermitsError when n is not positive or
// above the burst, and an [*UnavailableError] when Redis cannot be asked and the limiter fails closed.
func (l *Limiter) WaitN(ctx context.Context, n int) error {
	start := clock.Now()
	if !l.inst.scope.Traced(ctx) {
		o, err := l.wait(ctx, start, n)
		l.tally.count(o.outcome, o.mode, n)
		return err
	}
	ctx, span := l.inst.scope.Start(ctx, spanWait+l.name, limiterAttributes(l.name, l.algorithm.name)...)
	o, err := l.wait(ctx, start, n)
	l.tally.count(o.outcome, o.mode, n)
	l.inst.end(span, o, err)
	return err
}

// wait waits for n permits. Who comes when no one waits asks at once.
func (l *Limiter) wait(ctx context.Context, start int64, n int) (observation, error) {
	o := observation{n: n, outcome: outcomeDenied, mode: l.coordinator.Mode()}
	if cause := ended(ctx); cause != nil {
		return o, &limit.WaitError{Limiter: l.name, Err: cause}
	}
	if l.waiting.Load() == 0 && !l.algorithm.paced {
		d, mode, err := l.decide(ctx, l.target, n)
		if o.mode = mode; err != nil || d.Allowed {
			o.outcome = outcomeOf(d)
			return o, err
		}
	}
	defer l.waiting.Add(-1)
	if l.waiting.Add(1) > l.maxWaiters {
		return o, l.rejected(limit.Decision{Limit: l.quota.Load().burst}, true)
	}
	if l.algorithm.paced {
		if err := l.permits(o.n); err != nil {
			return o, err
		}
		if o, err := l.pace(ctx, start, o); !errors.Is(err, errNotPaced) {
			return o, err
		}
	}
	return l.inLine(ctx, start, o)
}

// inLine waits for the turn, then asks until there are permits.
func (l *Limiter) inLine(ctx context.Context, start int64, o observation) (observation, error) {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return l.gaveUp(ctx, start, o)
	}
	defer func() { <-l.turn }()
	for {
		d, mode, err := l.decide(ctx, l.target, o.n)
		o.mode, o.decision = mode, d
		switch {
		case ended(ctx) != nil && !d.Allowed:
			return l.gaveUp(ctx, start, o)
		case err != nil:
			return o, err
		case d.Allowed:
			o.outcome = outcomeDelayed
			l.inst.waited(ctx, time.Duration(clock.Now()-start), nil)
			return o, nil
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d.RetryAfter {
			return o, l.rejected(d, false)
		}
		if sleep(ctx, d.RetryAfter) != nil {
			return l.gaveUp(ctx, start, o)
		}
	}
}

// gaveUp is the end of a wait whose caller's context has ended.
func (l *Limiter) gaveUp(ctx context.Context, start int64, o observation) (observation, error) {
	o.outcome = outcomeCancelled
	err := &limit.WaitError{Limiter: l.name, Err: ended(ctx)}
	l.inst.waited(ctx, time.Duration(clock.Now()-start), err)
	return o, err
}

func (l *Limiter) rejected(d limit.Decision, full bool) error {
	return &waitRejectedError{&limit.RejectedError{Limiter: l.name, Decision: d}, full}
}
