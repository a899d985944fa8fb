package sched

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Wait waits until all tasks of the group have ended, and returns the first error; with KeepGoing all,
// joined, in the order they came in: the first 64, and how many more there were. A panic is a
// *core.PanicError. A task that never began, because the group's context had ended, counts as failed by
// what ended it.
func (g *Group) Wait() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.left > 0 {
		g.stand()
	}
	err := g.result()
	g.pool.disband(g)
	return err
}

// stand lends the pool a goroutine, if there is something to do for it, and waits for a change. The caller
// holds mu.
func (g *Group) stand() {
	if !g.ready() || g.standing {
		g.changed.Wait()
		return
	}
	g.standing = true
	g.mu.Unlock()
	over := func() {
		g.mu.Lock()
		g.standing = false
		g.changed.Broadcast()
		g.mu.Unlock()
	}
	if !g.pool.lend(g.era, func() (item, bool) { return g.take(false) }, over) {
		g.forsakeAll(g.pool.stopped())
		over()
	}
	g.mu.Lock()
}

// runOne waits until a worker that stands in for the caller has run a task. It reports false when the pool
// is stopped.
func (g *Group) runOne() bool {
	done := make(chan struct{})
	if !g.pool.lend(g.era, g.supply(1), func() { close(done) }) {
		return false
	}
	<-done
	return true
}

// supply gives up to n tasks.
func (g *Group) supply(n int) func() (item, bool) {
	return func() (item, bool) {
		if n == 0 {
			return item{}, false
		}
		n--
		return g.take(false)
	}
}

// result is what Wait returns. The caller holds mu.
func (g *Group) result() error {
	if len(g.errs) == 0 {
		return nil
	}
	if !g.cfg.KeepGoing {
		return g.errs[0]
	}
	errs := g.errs
	if g.more > 0 {
		errs = append(slices.Clip(errs), fmt.Errorf("sched: pool %q: %d more tasks of the group have failed", g.pool.inst.name, g.more))
	}
	return errors.Join(errs...)
}

// disband ends a group's context.
func (p *Pool) disband(g *Group) {
	g.cancel(context.Canceled)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(g.era.groups, g)
}

// lend starts a worker beside the others, in place of a caller that waits. It runs what source gives. It
// reports false when nothing may begin any more.
func (p *Pool) lend(e *era, source func() (item, bool), over func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e != p.era || e.over() {
		return false
	}
	w := p.hire()
	w.over = over
	w.source = func() (item, bool) {
		it, ok := source()
		if ok {
			p.lent.Add(1)
		}
		return it, ok
	}
	w.launch()
	return true
}

// release lets go of a worker that was lent.
func (p *Pool) release(w *worker) {
	p.mu.Lock()
	p.forget(w)
	p.mu.Unlock()
	if w.over != nil {
		w.over()
	}
}
