package sched

import (
	"context"
	"sync"
	"time"
)

// poolKey is the key of the pool a task runs in.
type poolKey struct{}

// within reports whether ctx is, or comes from, that of a task of p.
func within(ctx context.Context, p *Pool) bool { return ctx.Value(poolKey{}) == p }

// isEmpty reports whether ctx has nothing: no value, and no end.
func isEmpty(ctx context.Context) bool { return ctx == context.Background() || ctx == context.TODO() }

// taskContext is the context of a task that has values of its own: its caller's, before the pool's. It
// ends with the pool's, and with the caller's when the caller waits.
//
// Most tasks never ask for Done, so the two ends are put together when someone first does. Whoever holds
// the context may go on doing so when the task is over: it is never used again for another.
type taskContext struct {
	values context.Context //nolint:containedctx // it is a part of this context
	waited bool            // the end of values ends this context
	whole  bool            // values is all there is: it ends with the pool's already
	pool   context.Context //nolint:containedctx // set when the task begins

	mu     sync.Mutex
	merged context.Context //nolint:containedctx // of values, ended with pool too; made on first use
	free   func()
	over   bool
}

// begin gives the context of a task that begins under the pool's.
func (c *taskContext) begin(pool context.Context) context.Context {
	switch {
	case c.values == nil:
		return pool
	case c.whole:
		return c.values
	}
	c.pool = pool
	return c
}

// gone is why the task's caller no longer wants it run, or nil.
func (c *taskContext) gone() error {
	if !c.waited || c.values == nil || c.values.Err() == nil {
		return nil
	}
	return context.Cause(c.values)
}

// joint reports whether there are two ends to put together.
func (c *taskContext) joint() bool { return c.waited && c.values.Done() != nil }

// merge gives the context that ends with both.
func (c *taskContext) merge() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.merged != nil {
		return c.merged
	}
	merged, cancel := context.WithCancelCause(c.values)
	c.merged = merged
	switch {
	case c.over:
		cancel(context.Canceled)
		return merged
	case c.pool.Err() != nil:
		cancel(context.Cause(c.pool))
		return merged
	}
	stop := context.AfterFunc(c.pool, func() { cancel(context.Cause(c.pool)) })
	c.free = func() {
		stop()
		cancel(context.Canceled)
	}
	return merged
}

// end lets go of what the context hangs on.
func (c *taskContext) end() {
	if c.pool == nil || !c.joint() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.free != nil {
		c.free()
	}
}

// Deadline is the caller's, when it waits.
func (c *taskContext) Deadline() (time.Time, bool) {
	if c.waited {
		return c.values.Deadline()
	}
	return c.pool.Deadline()
}

// Done is closed when the pool ends the task, or the caller gives up.
func (c *taskContext) Done() <-chan struct{} {
	if c.joint() {
		return c.merge().Done()
	}
	return c.pool.Done()
}

// Err says why Done is closed.
func (c *taskContext) Err() error {
	if !c.joint() {
		return c.pool.Err()
	}
	c.mu.Lock()
	merged, over := c.merged, c.over
	c.mu.Unlock()
	if merged == nil && !over && c.values.Err() == nil && c.pool.Err() == nil {
		return nil
	}
	return c.merge().Err()
}

// Value looks in the caller's context first, but for what belongs to the end of this one.
func (c *taskContext) Value(key any) any {
	switch key {
	case poolKey{}:
		return c.pool.Value(key)
	case cancelKey:
		if c.joint() {
			return c.merge().Value(key)
		}
		return c.pool.Value(key)
	}
	if v := c.values.Value(key); v != nil {
		return v
	}
	return c.pool.Value(key)
}

// cancelKey is the key by which package context finds what ends a context. A context that answers it
// with the owner of its Done channel keeps its cause, and its children need no goroutine.
var cancelKey = func() any {
	var p prober
	_ = context.Cause(&p)
	return p.key
}()

// prober is a context that remembers the key it was last asked for.
type prober struct{ key any }

func (*prober) Deadline() (deadline time.Time, ok bool) { return }
func (*prober) Done() <-chan struct{}                   { return nil }
func (*prober) Err() error                              { return context.Canceled }
func (p *prober) Value(key any) any {
	p.key = key
	return nil
}
