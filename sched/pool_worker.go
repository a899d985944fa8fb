package sched

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// outcomes are what became of tasks that left the queue for a worker.
type outcomes struct{ completed, failed, panicked, cancelled, void int64 }

func (o *outcomes) add(more outcomes) {
	o.completed += more.completed
	o.failed += more.failed
	o.panicked += more.panicked
	o.cancelled += more.cancelled
	o.void += more.void
}

// sum is how many have left.
func (o outcomes) sum() int64 { return o.completed + o.failed + o.panicked + o.cancelled + o.void }

// cells count the outcomes of one worker. Only it writes them.
type cells struct {
	completed, failed, panicked, cancelled atomic.Int64
	void                                   atomic.Int64 // tickets of a group that had no task left
}

func (c *cells) read() outcomes {
	return outcomes{c.completed.Load(), c.failed.Load(), c.panicked.Load(), c.cancelled.Load(), c.void.Load()}
}

// worker runs tasks, one at a time. What is not atomic is its own goroutine's.
type worker struct {
	pool   *Pool
	era    *era
	ctx    context.Context //nolint:containedctx // the pool's own, with the labels of this goroutine
	home   *shard
	source func() (item, bool) // of one that was lent to a group; nil: the queue
	over   func()              // called when one that was lent has ended
	plain  bool                // tasks without further terms need nothing around them
	search bool                // it is one of Pool.searching
	turns  uint32
	done   int64 // plain tasks that have succeeded and are in no count yet
	now    execution

	wake   chan struct{}
	quit   bool  // set before wake: it is to end, and no longer one of the pool's
	since  int64 // when it was parked; guarded by Pool.mu
	_      [64]byte
	counts cells
	_      [64]byte
}

// work runs tasks until the worker is to end.
func (w *worker) work(ctx context.Context) {
	w.ctx = ctx
	for !w.session() {
	}
}

// session runs tasks until the worker is to end or one of them panics. So one deferred call serves them
// all, and costs each nothing. It reports whether this goroutine is no longer needed.
func (w *worker) session() (over bool) {
	defer func() {
		if over {
			return
		}
		v := recover()
		w.fail(&core.PanicError{Value: v, Stack: debug.Stack()})
		if v == nil { // the task ends this goroutine: another takes over
			over = true
			w.launch()
		}
	}()
	for {
		it, ok := w.next()
		if !ok {
			return true
		}
		if task, ok := it.work.(deferred); ok && it.at == 0 && w.plain {
			if err := task(w.ctx); err != nil {
				w.count(err)
			} else {
				w.done++
			}
			continue
		}
		w.execute(it)
	}
}

// launch starts the worker's goroutine.
func (w *worker) launch() {
	go telemetry.Labeled(w.era.ctx, "pool", w.pool.inst.name, w.work)
}

// next gives the worker's next task. It waits for one; false means that the worker is to end.
func (w *worker) next() (item, bool) {
	if w.source != nil {
		it, ok := w.source()
		if !ok {
			w.pool.release(w)
		}
		return it, ok
	}
	p := w.pool
	for spins := 0; ; {
		if p.excess.Load() > 0 && p.dismiss(w) {
			p.resignal()
			return item{}, false
		}
		if it, free, ok := w.find(); ok {
			w.found(int(free))
			return it, true
		}
		// Let submitters run before paying for a park and a wake-up.
		if spins < 2 {
			spins++
			runtime.Gosched()
			continue
		}
		spins = 0
		if !w.park() {
			return item{}, false
		}
	}
}

// find looks for a task: at home, then in the other shards.
func (w *worker) find() (it item, free int32, ok bool) {
	p := w.pool
	if w.turns++; w.turns&15 == 0 || w.search {
		w.home = p.home()
	}
	it, free, ok = w.home.pop(w)
	for i := uint32(1); i <= p.mask && !ok; i++ {
		it, free, ok = p.neighbour(w.home, i).steal(w)
	}
	return it, free, ok
}

// found lets others know that a task has left the queue: who looks for more, and who waits for room.
func (w *worker) found(free int) {
	p := w.pool
	if w.search {
		w.search = false
		p.searching.Add(-1)
		p.resignal()
	}
	if p.blocked.Load() > 0 {
		if free == 0 {
			free = int(min(p.hasty.Load(), 1))
		}
		if free > 0 {
			p.relieve(free)
		}
	}
}

// park waits to be woken. It reports whether the worker is to go on.
func (w *worker) park() bool {
	p := w.pool
	switch p.shelve(w) {
	case leaving:
		p.resignal()
		return false
	case busy:
		return true
	case shelved:
	}
	if w.search {
		w.search = false
		p.searching.Add(-1)
	}
	if p.pending() { // someone pushed between the look and the parking
		p.wakeOne()
	}
	<-w.wake
	if w.quit {
		return false
	}
	w.search = true
	return true
}
