package flowredis

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
)

// newCommand makes a command of a call, by the type of its reply.
type newCommand func(ctx context.Context, call []any) redis.Cmder

// errShut is why nothing was sent.
var errShut = errors.New("redis does not answer")

// run runs a script within the budget and gives the command with its reply. What surely did not run
// is tried again while the budget lasts, what may have run is not. On an error there is no reply, and
// the command must not be looked at.
func (c *Coordinator) run(ctx context.Context, s *script, as newCommand, call []any) (redis.Cmder, error) {
	return c.runBy(ctx, c.alone, s, as, call)
}

// carrier sends a command, once, and waits for the reply.
type carrier func(ctx *budgeted, cmd redis.Cmder) error

// runBy is run with a command that is sent in a way of its own.
func (c *Coordinator) runBy(ctx context.Context, by carrier, s *script, as newCommand, call []any) (cmd redis.Cmder, _ error) {
	start := clock.Now()
	ticket := c.gate.admit(start)
	if ticket == nil {
		return nil, errShut
	}
	v, failure := unknown, core.ErrAborted
	defer func() { // even when a hook of the client panics: a probe that never ends would keep the gate shut
		now := clock.Now()
		c.settle(ticket, now, v, failure)
		c.inst.roundTrip(ctx, time.Duration(now-start), failure)
	}()
	cmd, v, failure = c.ask(ctx, start, by, s, as, call)
	return cmd, failure
}

// settle tells the gate, and looks for a new topology where the old one failed.
func (c *Coordinator) settle(ticket *phase, now int64, v verdict, err error) {
	switch v {
	case answered, refused:
		c.gate.done(ticket, now, true, nil)
		return
	case abandoned:
		c.gate.done(ticket, now, false, nil)
		return
	case notRun, unknown, verdicts:
	}
	c.gate.done(ticket, now, false, err)
	c.lookAround(now)
}

// lookAround has a client of a cluster look for a new topology.
func (c *Coordinator) lookAround(now int64) {
	if c.brought.cluster != nil {
		c.reload(now)
	}
}

// reloadAhead is how long before a probe the topology is read again.
const reloadAhead = 100 * time.Millisecond

// reload reads a cluster's topology again, now and just before the next probe: a probe that goes where
// the old one points tells nothing. It is done in the background, and never twice at a time.
func (c *Coordinator) reload(now int64) {
	reload := func() { c.brought.cluster.ReloadState(context.Background()) }
	reload()
	if ahead := time.Duration(c.gate.retryAt()-now) - reloadAhead; ahead > 0 && c.Mode() == Degraded {
		time.AfterFunc(ahead, reload)
	}
}

// pause is the mean wait before what did not run is tried again, as a part of the budget.
const pause = 10

// ask sends until there is an answer, nothing more may be sent, or the budget is over.
func (c *Coordinator) ask(ctx context.Context, start int64, by carrier, s *script, as newCommand, call []any) (redis.Cmder, verdict, error) {
	return c.askWithin(ctx, &c.budgets, c.cfg.Budget, start, by, s, as, call)
}

// askWithin is ask within another budget, which may be less than what its contexts have.
func (c *Coordinator) askWithin(
	ctx context.Context, within *budgets, budget time.Duration, start int64, by carrier, s *script, as newCommand, call []any,
) (redis.Cmder, verdict, error) {
	bounded := &budgeted{ctx, within.at(start)}
	for {
		cmd := as(bounded, call)
		err := by(bounded, cmd)
		if noScript(err) {
			cmd = as(bounded, s.withSource(call))
			err = by(bounded, cmd)
		}
		v, again := judge(err)
		if v != answered && c.gaveUp(ctx, start, budget) {
			v = abandoned
		}
		c.results[v].Add(1)
		if !again || v == abandoned || ended(ctx) != nil || sleep(bounded, budget/pause/2+rand.N(budget/pause)) != nil {
			return cmd, v, err
		}
	}
}

// gaveUp reports whether it was the caller that ended the asking. It was not when the deadline it came
// with has passed and Redis had had time enough.
func (c *Coordinator) gaveUp(ctx context.Context, start int64, budget time.Duration) bool {
	cause := ended(ctx)
	late := errors.Is(cause, context.DeadlineExceeded) && clock.Now()-start >= int64(budget)/2
	return cause != nil && !late
}

// ended is why ctx has ended, or nil. A connection's deadline may come a moment before the timer of the
// context it is taken from.
func ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// alone sends a command by itself. A client that heeds no context is left behind when the budget is over:
// it ends by its own timeouts, and the gate sees to it that there are few.
func (c *Coordinator) alone(ctx *budgeted, cmd redis.Cmder) error {
	if c.brought.heedsContext {
		return c.client.Process(ctx, cmd)
	}
	done := make(chan error, 1)
	go func() {
		c.mark.Label()
		done <- c.client.Process(ctx, cmd)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Context.Done():
		return ctx.Context.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sleep blocks for d, or until ctx ends: then it returns its error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
