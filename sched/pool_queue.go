package sched

import (
	"context"
	"sync/atomic"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/stripe"
)

// enqueue puts w of a caller who waits for it: it runs with the caller's values, and only until the
// caller gives up. When the queue is full it does as Overflow says; under Block it waits until ctx ends.
func (p *Pool) enqueue(ctx context.Context, w work, o TaskOption) error {
	it := item{work: w}
	if !isEmpty(ctx) || o.set&setTimeout != 0 {
		a := &attended{call: call{option: o}, work: w}
		p.attend(ctx, &a.call, &it)
		it.work = a
	}
	return p.put(ctx, it, o.priority)
}

// attend makes c the call of who waits under ctx.
func (p *Pool) attend(ctx context.Context, c *call, it *item) {
	if isEmpty(ctx) {
		return
	}
	c.values, c.waited = ctx, true
	if p.inst.scope.Traced(ctx) {
		it.at = clock.Now()
	}
}

// offer puts works without blocking and whatever Overflow says, and says how many were taken, from the
// first on. Each runs under the pool's own context, unless it is placed.
func (p *Pool) offer(ws []work, priority Priority) (n int) {
	home := p.home()
	for i := uint32(0); n < len(ws) && i <= p.mask; i++ {
		k, v := p.neighbour(home, i).pushAll(ws[n:], priority.lane())
		n += k
		if v == closed {
			break
		}
	}
	if n > 0 {
		p.signal()
	}
	return n
}

// home gives a shard that is mostly the same for goroutines on one processor: a sync.Pool is the one
// portable storage for each processor.
func (p *Pool) home() *shard {
	if p.mask == 0 {
		return &p.shards[0]
	}
	s := p.hints.Get()
	p.hints.Put(s)
	return s.(*shard)
}

// guess is home for less: what it was for the goroutine, or one that looks like it, not long ago.
func (p *Pool) guess() *atomic.Pointer[shard] { return &p.homes[stripe.Index()] }

// neighbour is the ith shard from s on.
func (p *Pool) neighbour(s *shard, i uint32) *shard {
	return &p.shards[(s.index+i)&p.mask]
}

// push puts it into the first shard that has room.
func (p *Pool) push(it item, priority Priority) verdict {
	if p.mask == 0 {
		v, _ := p.shards[0].push(it, priority.lane())
		return v
	}
	guess := p.guess()
	home := guess.Load()
	v, settle := home.push(it, priority.lane())
	if settle {
		guess.Store(p.home())
	}
	if v == full {
		return p.pushAside(home, it, priority.lane())
	}
	return v
}

// pushAside is push when home is full. One full shard after another does not mean that the queue was ever
// full, so at last it looks at all at once.
func (p *Pool) pushAside(home *shard, it item, lane int) (v verdict) {
	for i := uint32(1); i <= p.mask; i++ {
		if v = home.spill(p.neighbour(home, i), it, lane); v != full {
			return v
		}
	}
	for i := range p.shards {
		p.shards[i].mu.Lock()
	}
	for i := range p.shards {
		if v = p.shards[i].add(it, lane); v != full {
			break
		}
	}
	for i := range p.shards {
		p.shards[i].mu.Unlock()
	}
	return v
}

// put pushes it, and does as Overflow says when the queue is full.
func (p *Pool) put(ctx context.Context, it item, priority Priority) error {
	v := p.push(it, priority)
	if v == full {
		switch p.cfg.Overflow {
		case Block:
			return p.block(ctx, it, priority)
		case DropOldest:
			v = p.displace(it, priority)
		case Reject:
		}
	}
	return p.verdict(v)
}

// verdict tells what became of a push: that it was taken to the workers, that it was not to the caller.
func (p *Pool) verdict(v verdict) error {
	switch v {
	case full:
		p.rejected.Add(1)
		return &FullError{Pool: p.inst.name, Capacity: p.cfg.Queue}
	case closed:
		p.rejected.Add(1)
		return p.stopped()
	case taken:
	}
	p.signal()
	return nil
}

// displace puts it in the place of the oldest task. The pool has one shard.
func (p *Pool) displace(it item, priority Priority) verdict {
	s := &p.shards[0]
	s.mu.Lock()
	v := s.add(it, priority.lane())
	if v != full {
		s.mu.Unlock()
		return v
	}
	oldest := s.oldest()
	v = s.add(it, priority.lane())
	s.mu.Unlock()
	p.drop(oldest.work)
	return v
}

// drop gives up a task.
func (p *Pool) drop(w work) {
	err := &FullError{Pool: p.inst.name, Capacity: p.cfg.Queue}
	if t, ok := w.(*ticket); ok {
		p.tickets.Add(-1)
		if (*Group)(t).forsake(err) {
			p.dropped.Add(1)
		}
		return
	}
	p.dropped.Add(1)
	w.abandon(err)
	if task, ok := taskOf(w); ok && p.hook != nil {
		p.hook(p.contextOf(w), task)
	}
}

// contextOf is what a task that never began would have run under.
func (p *Pool) contextOf(w work) context.Context {
	p.mu.Lock()
	ctx := p.era.ctx
	p.mu.Unlock()
	if c, ok := w.(placed); ok {
		return c.place().begin(ctx)
	}
	return ctx
}
