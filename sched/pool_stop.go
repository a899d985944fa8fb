package sched

import (
	"context"
	"fmt"

	"github.com/goflow-go/goflow/core"
)

// era is a pool's time from a Start to the end of the Stop after it. All but ctx is guarded by Pool.mu.
type era struct {
	ctx    context.Context //nolint:containedctx // the pool's lifetime
	cancel context.CancelCauseFunc

	closing bool // takes no more
	ended   bool // gives no more to workers
	live    int  // workers that have not ended
	drained chan struct{}
	groups  map[*Group]struct{}
}

// over reports whether nothing runs any more, and nothing may begin.
func (e *era) over() bool { return e.ended || e.closing && e.live == 0 }

// leave notes that a worker has ended.
func (e *era) leave() {
	e.live--
	e.rest()
}

// rest tells who waits for it that nothing runs any more.
func (e *era) rest() {
	if !e.closing || e.live > 0 {
		return
	}
	select {
	case <-e.drained:
	default:
		close(e.drained)
	}
}

// begin begins an era.
func (p *Pool) begin() {
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), poolKey{}, p))
	p.era = &era{ctx: ctx, cancel: cancel, drained: make(chan struct{}), groups: make(map[*Group]struct{})}
	for i := range p.shards {
		s := &p.shards[i]
		s.mu.Lock()
		s.open, s.era = true, p.era
		s.mu.Unlock()
	}
}

// stopped is the answer to who comes too late.
func (p *Pool) stopped() *StoppedError { return &StoppedError{Kind: "pool", Name: p.inst.name} }

// Start opens the pool again after Stop; a pool that is open stays so. It does not block. It is an error
// to start a pool that is being stopped.
func (p *Pool) Start(context.Context) error {
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	opened, err := p.reopen()
	if opened {
		p.inst.reader.Reopen()
	}
	return err
}

func (p *Pool) reopen() (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.era.closing:
		return false, nil
	case !p.era.ended:
		return false, fmt.Errorf("sched: pool %q is being stopped", p.inst.name)
	}
	p.workers.Store(0)
	p.excess.Store(0)
	p.step = 0
	p.begin()
	return true, nil
}

// Stop takes no more tasks, and finishes those that wait and those that run. When 9/10 of the time that ctx
// has left are over, it ends the contexts of those that run, with a [*StoppedError] as cause, and hands
// back those that have not begun. It waits for the ones that run until ctx ends.
//
// It returns nil, or an [*UnfinishedError] that holds what was handed back and says what still runs; a task
// that never returns keeps its worker. Whoever waits for a task that was handed back gets a StoppedError.
// Stop is idempotent, and may be called by many at the same time: what was handed back, one of them gets.
func (p *Pool) Stop(ctx context.Context) error {
	e := p.close()
	var back handedBack
	if !mostlyWait(ctx, e.drained) {
		back = p.finish(e)
		wait(ctx, e.drained)
	}
	return p.result(ctx, e, back)
}

// close closes the pool to new tasks, and lets idle workers end.
func (p *Pool) close() *era {
	p.mu.Lock()
	e := p.era
	for i := range p.shards {
		s := &p.shards[i]
		s.mu.Lock()
		s.open = false
		s.mu.Unlock()
	}
	if e.live == 0 && p.pending() { // who pushed has not come to start a worker
		p.startLocked(1, p.max.Load())
	}
	e.closing = true
	p.rouse()
	p.reaper.Stop()
	p.reaping = false
	e.rest()
	p.mu.Unlock()
	p.relieve(int(p.blocked.Load()))
	return e
}

// rouse wakes all who are parked. The caller holds mu.
func (p *Pool) rouse() {
	p.searching.Add(int32(len(p.parked)))
	for _, w := range p.parked {
		w.wake <- struct{}{} // has room: it is parked
	}
	p.unpark(0)
}

// handedBack is what Stop took out of the queue.
type handedBack struct {
	tasks []core.Task
	told  int // how many whose callers learn of it themselves
}

// finish ends an era whose time is up.
func (p *Pool) finish(e *era) (back handedBack) {
	err := p.stopped()
	p.mu.Lock()
	again := e.ended
	e.ended = true
	e.cancel(err)
	var items []item
	for i := range p.shards {
		if !again && p.era == e {
			items = append(items, p.shards[i].takeBack()...)
		}
	}
	groups := e.groups
	e.groups = make(map[*Group]struct{})
	p.scaler.Stop()
	p.armed.Store(false)
	p.mu.Unlock()
	for _, it := range items {
		p.handBack(it.work, err, &back)
	}
	for g := range groups {
		g.cancel(err)
		for g.forsake(err) {
			p.returned.Add(1)
			back.told++
		}
	}
	return back
}

// handBack gives up a task that never began.
func (p *Pool) handBack(w work, err error, back *handedBack) {
	if _, ok := w.(*ticket); ok { // its group is asked for its tasks
		p.tickets.Add(-1)
		return
	}
	p.returned.Add(1)
	w.abandon(err)
	if task, ok := taskOf(w); ok {
		back.tasks = append(back.tasks, task)
	} else {
		back.told++
	}
}

// result closes the telemetry and says how Stop ended.
func (p *Pool) result(ctx context.Context, e *era, back handedBack) error {
	p.settle(e)
	running := p.Stats().Running
	if running == 0 && len(back.tasks) == 0 && back.told == 0 {
		return nil
	}
	u := &UnfinishedError{Kind: "pool", Name: p.inst.name, Tasks: back.tasks, told: back.told, Cause: context.Cause(ctx)}
	for range running {
		u.Running = append(u.Running, p.inst.name)
	}
	if u.Cause == nil {
		u.Cause = context.DeadlineExceeded // nearly: the grace is a part of the time ctx had
	}
	return u
}

// settle closes an era that is over, if no one has yet.
func (p *Pool) settle(e *era) {
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	p.mu.Lock()
	current := p.era == e
	e.ended = true
	e.cancel(p.stopped())
	if current {
		p.scaler.Stop()
		p.armed.Store(false)
	}
	p.mu.Unlock()
	if current {
		p.inst.reader.Close()
	}
}
