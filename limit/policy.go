package limit

import (
	"context"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Reject makes a policy of l that runs the task when l gives a permit, and otherwise returns a
// [*RejectedError] at once. It is a core.Admitter.
func Reject(l Limiter) core.Policy { return &rejecting{l} }

type rejecting struct{ limiter Limiter }

func (p *rejecting) Admit(ctx context.Context) (core.Ticket, error) {
	if b, ok := p.limiter.(*TokenBucket); ok {
		return core.Ticket{}, b.admit(ctx)
	}
	d, err := p.limiter.Take(ctx, 1)
	if err == nil && !d.Allowed {
		err = &RejectedError{Limiter: nameOf(p.limiter), Decision: d}
	}
	return core.Ticket{}, err
}

func (p *rejecting) Done(core.Ticket, error) {}

func (p *rejecting) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, p, task) }

// Pace makes a policy of l that waits for a permit, then runs the task. It fails at once when ctx
// ends before the permit would come, and when ctx ends while it waits. A limiter that is a [Waiter]
// serves waiters in order of arrival; any other is asked again whenever it said to come back. It is
// a core.Admitter.
func Pace(l Limiter) core.Policy { return &pacing{l} }

type pacing struct{ limiter Limiter }

func (p *pacing) Admit(ctx context.Context) (core.Ticket, error) {
	if w, ok := p.limiter.(Waiter); ok {
		return core.Ticket{}, w.WaitN(ctx, 1)
	}
	return core.Ticket{}, poll(ctx, p.limiter)
}

func (p *pacing) Done(core.Ticket, error) {}

func (p *pacing) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, p, task) }

// minPoll is how long a limiter that does not know when to come back is left alone.
const minPoll = time.Millisecond

// poll asks l until it gives a permit.
func poll(ctx context.Context, l Limiter) error {
	for {
		if ctx.Err() != nil {
			return waitError(nameOf(l), context.Cause(ctx))
		}
		d, err := l.Take(ctx, 1)
		if err != nil || d.Allowed {
			return err
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d.RetryAfter {
			return &RejectedError{Limiter: nameOf(l), Decision: d, reason: tooLate}
		}
		if err := sleep(ctx, max(d.RetryAfter, minPoll)); err != nil {
			return waitError(nameOf(l), err)
		}
	}
}

// nameOf gives the name of a limiter that has one.
func nameOf(l Limiter) string {
	if named, ok := l.(interface{ Name() string }); ok {
		return named.Name()
	}
	return ""
}
