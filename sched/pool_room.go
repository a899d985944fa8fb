package sched

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// waiters are the submitters that wait for room, in the order they came in.
//
// Where tasks are short, to wake a submitter for each of them costs more than they do. So submitters are
// woken when half of a shard is free; one that has waited for a while nevertheless, for each task that
// leaves the queue.
type waiters struct {
	mu   sync.Mutex
	list list.List // of chan struct{}
}

const (
	patient   = time.Millisecond // how long a submitter waits for half a shard
	leastHalf = 128              // in a smaller queue none waits for half a shard
)

// block waits for room for it.
func (p *Pool) block(ctx context.Context, it item, priority Priority) error {
	if within(ctx, p) {
		p.rejected.Add(1)
		return &FullError{Pool: p.inst.name, Capacity: p.cfg.Queue, deadlock: true}
	}
	ready := make(chan struct{}, 1)
	hasty := p.cfg.Queue < leastHalf
	if hasty {
		p.hasty.Add(1)
	}
	defer func() {
		if hasty {
			p.hasty.Add(-1)
		}
	}()
	for again := false; ; again = true {
		place := p.wait(ready, again)
		// A worker that makes room after this look sees the waiter.
		if v := p.push(it, priority); v != full {
			p.leave(place)
			return p.verdict(v)
		}
		switch await(ctx, ready, hasty) {
		case gaveUp:
			p.leave(place)
			p.rejected.Add(1)
			return &FullError{Pool: p.inst.name, Capacity: p.cfg.Queue, cause: context.Cause(ctx)}
		case impatient:
			if !p.remove(place) {
				<-ready // it was woken just then
			}
			hasty = true
			p.hasty.Add(1)
		case called:
		}
	}
}

// awakening is why a submitter no longer waits.
type awakening uint8

const (
	called awakening = iota
	gaveUp
	impatient
)

// await waits to be called, until ctx ends or, unless the submitter is hasty, its patience.
func await(ctx context.Context, ready chan struct{}, hasty bool) awakening {
	var enough <-chan time.Time
	if !hasty {
		timer := time.NewTimer(patient)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-ready:
		return called
	case <-ctx.Done():
		return gaveUp
	case <-enough:
		return impatient
	}
}

// wait notes a waiter, in front when it was woken before and someone else was faster.
func (p *Pool) wait(ready chan struct{}, front bool) *list.Element {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	p.blocked.Add(1)
	if front {
		return p.room.list.PushFront(ready)
	}
	return p.room.list.PushBack(ready)
}

// leave takes out a waiter that has no use for room. If it was called already, the next is.
func (p *Pool) leave(place *list.Element) {
	if !p.remove(place) {
		p.relieve(1)
	}
}

// remove takes a waiter out. It reports false when it was called already.
func (p *Pool) remove(place *list.Element) bool {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if place.Value == nil {
		return false
	}
	p.room.list.Remove(place)
	place.Value = nil
	p.blocked.Add(-1)
	return true
}

// relieve calls the first n waiters: there may be room.
func (p *Pool) relieve(n int) {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	for ; n > 0 && p.room.list.Len() > 0; n-- {
		first := p.room.list.Front()
		ready := p.room.list.Remove(first).(chan struct{})
		first.Value = nil
		p.blocked.Add(-1)
		ready <- struct{}{} // has room: who waits again has emptied it
	}
}
