package lease

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// request is a wish for a lease.
type request struct {
	ctx    context.Context //nolint:containedctx // a request is a list of arguments, and lives as long as the call
	holder context.Context //nolint:containedctx // what the lease's context is made of
	key    string
	wait   bool
	keep   bool // renew after the end of holder, until the release: the caller is sure to release
}

// acquire takes a key, and tells what became of it.
func (l *Locker) acquire(r request) (*Lease, error) {
	if r.key == "" {
		return nil, l.invalid("the key must not be empty")
	}
	start := l.now().mono
	ctx, span := l.inst.begin(r.ctx, spanAcquire, r.key)
	r.ctx = ctx
	c := campaign{request: r, locker: l, owner: newOwner()}
	lease, err := c.run()
	l.counted(err)
	l.inst.acquired(ctx, span, start, c.waited, lease, err)
	return lease, err
}

// campaign is a request under way.
type campaign struct {
	request
	locker *Locker
	owner  string
	asked  int
	waited bool
}

// run asks for the key until it is granted, or there is no use in waiting.
func (c *campaign) run() (lease *Lease, err error) {
	for lease == nil && (err == nil || c.worthWaiting(err) && c.ctx.Err() == nil) {
		lease, err = c.round()
	}
	if c.waited {
		c.locker.counts.waiting.Add(-1)
	}
	c.takeBack(err)
	if c.worthWaiting(err) {
		err = c.locker.waitError(c.ctx, c.key, err)
	}
	return lease, err
}

// round asks once, and if there is use in it, waits until it is time to ask again.
//
// The watch begins before the store is asked, so that no release goes unseen in between. The first time there is
// no watch, since most keys are free, and so no wait for what it would tell.
func (c *campaign) round() (*Lease, error) {
	c.asked++
	freed, stop := c.watch()
	defer stop()
	lease, wait, err := c.attempt()
	if lease != nil || !c.worthWaiting(err) || c.ctx.Err() != nil {
		return lease, err
	}
	if err := c.queue(wait); err != nil {
		return nil, err
	}
	if freed == nil && c.locker.watcher != nil {
		return nil, err
	}
	select {
	case <-freed:
	case <-time.After(wait):
	case <-c.ctx.Done():
	}
	return nil, err
}

// worthWaiting reports whether what was answered may change, and the caller wants to know.
func (c *campaign) worthWaiting(err error) bool {
	held, ok := errors.AsType[*HeldError](err)
	return c.wait && err != nil && (!ok || !held.Done && held.Waiters == 0)
}

// queue counts the caller among those who wait, unless there are too many.
func (c *campaign) queue(wait time.Duration) error {
	l := c.locker
	if c.waited {
		return nil
	}
	if n := l.counts.waiting.Add(1); n > int64(l.cfg.MaxWaiters) {
		l.counts.waiting.Add(-1)
		return &HeldError{Locker: l.inst.name, Key: c.key, Waiters: l.cfg.MaxWaiters, Remaining: wait}
	}
	c.waited = true
	return nil
}

// watch is the store's, if it has one.
func (c *campaign) watch() (freed <-chan struct{}, stop func()) {
	if c.asked == 1 || c.locker.watcher == nil {
		return nil, func() {}
	}
	return c.locker.watcher.Watch(storeKey(c.key))
}

// attempt asks the store once. Without a lease, wait is when to ask again.
func (c *campaign) attempt() (lease *Lease, wait time.Duration, err error) {
	l := c.locker
	ctx, cancel := context.WithTimeout(c.ctx, l.cfg.Timeout)
	defer cancel()
	sent := l.now()
	g, err := l.store.Acquire(ctx, storeKey(c.key), c.owner, l.cfg.TTL)
	granted := err == nil && g.State == Granted
	if granted && l.since(sent) >= l.cfg.trusted() {
		err = errLate
	}
	switch {
	case err != nil:
		return nil, jitter(l.cfg.Poll), &StoreError{l.inst.name, c.key, "acquire", err}
	case granted:
		return l.newLease(c, g.Token, sent), 0, nil
	}
	return nil, l.patience(g), &HeldError{Locker: l.inst.name, Key: c.key, Done: g.State == Done, Remaining: g.Remaining}
}

// patience is how long to wait for a key that is held. Its holder may be dead: so not longer than the key
// would remain held, and a little more, different for each who waits.
func (l *Locker) patience(g Grant) time.Duration {
	after := g.Remaining + jitter(min(l.cfg.Poll, maxSpread))
	if l.watcher == nil || g.Remaining <= 0 {
		return min(after, jitter(l.cfg.Poll))
	}
	return after
}

// maxSpread bounds how far those who wait are spread when a holder has died.
const maxSpread = 100 * time.Millisecond

// takeBack is for a request that failed: the key may have been given to the owner, who was not told.
// Should this fail too, the key is free when its time is over.
func (c *campaign) takeBack(err error) {
	if _, failed := errors.AsType[*StoreError](err); !failed {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), c.locker.cfg.Timeout)
	defer cancel()
	_, _ = c.locker.store.Release(ctx, storeKey(c.key), c.owner, 0)
}

// waitError says why a wait for a key ended, and how the store failed if that was not why it failed.
func (l *Locker) waitError(ctx context.Context, key string, last error) error {
	cause := context.Cause(ctx)
	if failure, ok := errors.AsType[*StoreError](last); ok && !errors.Is(failure, ctx.Err()) {
		return fmt.Errorf("lease: %q: waiting for %q: %w (the last request failed: %w)", l.inst.name, shown(key), cause, failure)
	}
	return fmt.Errorf("lease: %q: waiting for %q: %w", l.inst.name, shown(key), cause)
}
