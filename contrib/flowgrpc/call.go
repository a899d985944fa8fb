package flowgrpc

import (
	"context"
	"sync"

	"google.golang.org/grpc"

	"github.com/goflow-go/goflow/core"
)

// call is one call's way through a Guard.
//
// The mutex is held while the handler runs. So a policy that runs the task from two goroutines at
// once (a hedge) finds, on the second, that the handler has run; and answer returns only when no
// handler is running any more, and lets none start after it, so that none ever answers a call the
// server has finished.
type call struct {
	g      *Guard
	method string
	next   func(ctx context.Context) error // the handler
	key    string                          // of the limiter; "" before it was asked
	free   bool                            // exempt

	mu      sync.Mutex
	sealed  bool  // the handler has started, or may not any more
	outcome error // the handler's
}

// serve takes the call to its handler, and gives what is answered. What panics on the way there, a key
// function or a policy, is contained as the handler is.
func (c *call) serve(ctx context.Context, policy core.Policy) error {
	err := core.Try(ctx, func(ctx context.Context) error { return c.pass(ctx, policy) })
	if p, ok := panicked(err); ok {
		c.g.panicked(ctx, c.method, p)
		return errInternal
	}
	return err
}

func (c *call) pass(ctx context.Context, policy core.Policy) error {
	if c.free = c.g.exempts(c.method); c.free {
		_ = c.task(ctx)
		return c.outcome
	}
	if err := ctx.Err(); err != nil { // it came too late
		return c.refuse(ctx, refusalOf(err))
	}
	if r, ok := c.withinLimit(ctx); !ok {
		return c.refuse(ctx, r)
	}
	if policy == nil {
		return c.answer(ctx, c.task(ctx))
	}
	return c.answer(ctx, policy.Do(ctx, c.task))
}

// withinLimit takes a permit for the call.
func (c *call) withinLimit(ctx context.Context) (refusal, bool) {
	if c.g.limiter == nil {
		return refusal{}, true
	}
	c.key = c.g.key(ctx, c.method)
	return c.g.take(ctx, c.key)
}

// task is what policies run.
func (c *call) task(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sealed {
		return &misuseError{c.g.name, "a handler cannot run twice, or after its policies returned"}
	}
	if ctx.Err() != nil && !c.free { // while it waited
		return context.Cause(ctx)
	}
	c.sealed = true
	c.outcome = core.Try(ctx, c.next)
	p, ok := panicked(c.outcome)
	if !ok {
		return failure(c.g.name, c.outcome)
	}
	c.outcome = errInternal
	c.g.panicked(ctx, c.method, p)
	return p
}

// answer ends the call, when policies returned err; nil with a handler that never ran is a policy's
// fault.
func (c *call) answer(ctx context.Context, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sealed {
		return c.outcome
	}
	c.sealed = true
	if err == nil {
		err = &misuseError{c.g.name, "a policy did not run the handler"}
	}
	return c.refuse(ctx, refusalOf(err))
}

// refuse answers a call whose handler never ran.
func (c *call) refuse(ctx context.Context, r refusal) error {
	failed(ctx, r.class)
	_ = grpc.SetTrailer(ctx, r.trailer()) // fails without a transport, in tests of handlers
	return r.err("the call was not started")
}
