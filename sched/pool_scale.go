package sched

import (
	"fmt"
	"slices"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
)

// signal sees to it that someone takes what was just put into the queue.
//
// No task is left lying. Who pushes makes the task visible, and then looks for a worker that searches or is
// parked. A worker that finds nothing says that it no longer searches, and is parked, and then looks at
// the queue once more. Whichever comes second sees the other. One worker is woken at a time: when it
// finds a task and there are more, it wakes the next.
func (p *Pool) signal() {
	if p.searching.Load() != 0 {
		return
	}
	if p.idle.Load() > 0 {
		p.wakeOne()
		return
	}
	n := p.workers.Load()
	if n < p.min.Load() {
		p.start(1, p.min.Load())
		return
	}
	if n < p.max.Load() && !p.armed.Load() {
		p.arm()
	}
}

// resignal is signal for who no longer searches: others may have relied on it.
func (p *Pool) resignal() {
	if p.pending() {
		p.signal()
	}
}

// pending reports whether a task waits.
func (p *Pool) pending() bool {
	for i := range p.shards {
		if p.shards[i].some.Load() {
			return true
		}
	}
	return false
}

// wakeOne wakes the worker that was parked last, unless one is searching.
func (p *Pool) wakeOne() {
	if !p.searching.CompareAndSwap(0, 1) {
		return
	}
	p.mu.Lock()
	n := len(p.parked)
	if n == 0 {
		p.mu.Unlock()
		p.searching.Add(-1)
		return
	}
	w := p.parked[n-1]
	p.unpark(n - 1)
	p.mu.Unlock()
	w.wake <- struct{}{}
}

// unpark takes the parked from i on out of the list. The caller holds mu.
func (p *Pool) unpark(i int) {
	clear(p.parked[i:])
	p.parked = p.parked[:i]
	p.idle.Store(int32(i))
}

// start starts up to n workers, while there are fewer than most.
func (p *Pool) start(n int, most int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.startLocked(n, most)
}

func (p *Pool) startLocked(n int, most int32) {
	for ; n > 0 && p.workers.Load() < most && !p.era.over(); n-- {
		w := p.hire()
		w.home, w.search, w.wake = p.home(), true, make(chan struct{}, 1)
		p.searching.Add(1)
		p.workers.Add(1)
		w.launch()
	}
}

// hire makes a worker of the current era. The caller holds mu.
func (p *Pool) hire() *worker {
	w := &worker{pool: p, era: p.era, plain: p.cfg.TaskTimeout == 0 && !p.always}
	p.all = append(p.all, w)
	p.era.live++
	return w
}

// arm sets the timer of the scaler, and marks what waits now.
func (p *Pool) arm() {
	if !p.armed.CompareAndSwap(false, true) {
		return
	}
	p.mark()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.era.over() {
		p.armed.Store(false)
		return
	}
	p.scaler.Reset(p.cfg.ScaleAfter)
}

func (p *Pool) mark() {
	for i := range p.shards {
		s := &p.shards[i]
		s.mu.Lock()
		s.mark = s.in
		s.mu.Unlock()
	}
}

// waiting counts the tasks in the queue, and reports whether one of them was there at the last mark.
func (p *Pool) waiting() (n int, late bool) {
	for i := range p.shards {
		s := &p.shards[i]
		s.mu.Lock()
		n += int(s.n)
		late = late || s.n > 0 && int32(s.mark-s.out) > 0
		s.mu.Unlock()
	}
	return n, late
}

// scale runs when tasks have waited for ScaleAfter. It starts one worker, and twice as many as the last
// time while that was not enough.
func (p *Pool) scale() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed.Store(false) // first, so that who pushes after the look arms it anew
	n, late := p.waiting()
	if !late {
		p.step = 0
	}
	if late && p.idle.Load() == 0 {
		p.step = min(max(1, 2*p.step), mostWorkers)
		p.startLocked(min(p.step, n), p.max.Load())
	}
	if n > 0 && p.workers.Load() < p.max.Load() && !p.era.over() && p.armed.CompareAndSwap(false, true) {
		p.mark()
		p.scaler.Reset(p.cfg.ScaleAfter)
	}
}

// shelving is what became of a worker that wanted to be parked.
type shelving uint8

const (
	shelved shelving = iota
	busy             // there is work
	leaving          // the pool is being stopped, and there is no work left
)

// shelve parks w.
func (p *Pool) shelve(w *worker) shelving {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flush(w)
	if w.era.closing || w.era != p.era {
		if !w.era.ended && p.pending() {
			return busy
		}
		if w.search {
			w.search = false
			p.searching.Add(-1)
		}
		if w.era == p.era {
			p.workers.Add(-1)
		}
		p.forget(w)
		return leaving
	}
	w.since = 0
	if p.beyond() > 0 {
		w.since = clock.Now()
		p.watchIdle(p.cfg.IdleTimeout)
	}
	p.parked = append(p.parked, w)
	p.idle.Store(int32(len(p.parked)))
	return shelved
}

// flush counts what w has done and no shard knows of. w is running this, or parked. The caller holds mu.
func (p *Pool) flush(w *worker) {
	p.ended.completed += w.done
	w.done = 0
}

// forget takes a worker that ends out of the books. The caller holds mu.
func (p *Pool) forget(w *worker) {
	p.ended.add(w.counts.read())
	p.flush(w)
	i := slices.Index(p.all, w)
	last := len(p.all) - 1
	p.all[i], p.all[last] = p.all[last], nil
	p.all = p.all[:last]
	w.era.leave()
}

// reap ends the workers beyond MinWorkers that have been idle for IdleTimeout.
func (p *Pool) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reaping = false
	idle := int64(p.cfg.IdleTimeout)
	now := clock.Now()
	n := 0
	for n < len(p.parked) && n < p.beyond() && p.parked[n].idleFor(now) >= idle {
		n++
	}
	p.end(n)
	if len(p.parked) > 0 && p.beyond() > 0 {
		p.watchIdle(time.Duration(idle - p.parked[0].idleFor(now)))
	}
}

// watchIdle sets the timer of the reaper, unless it runs. The caller holds mu.
func (p *Pool) watchIdle(after time.Duration) {
	if !p.reaping {
		p.reaping = true
		p.reaper.Reset(after)
	}
}

// idleFor is how long a parked worker has been so: since now when it was not beyond MinWorkers before.
func (w *worker) idleFor(now int64) int64 {
	if w.since == 0 {
		w.since = now
	}
	return now - w.since
}

// beyond is how many workers there are more than MinWorkers.
func (p *Pool) beyond() int { return int(p.workers.Load() - p.min.Load()) }

// end ends the n workers that have been parked longest. The caller holds mu.
func (p *Pool) end(n int) {
	for _, w := range p.parked[:n] {
		p.workers.Add(-1)
		p.forget(w)
		w.quit = true
		w.wake <- struct{}{} // has room: it is parked
	}
	rest := copy(p.parked, p.parked[n:])
	p.unpark(rest)
}

// dismiss ends w, if there are too many workers.
func (p *Pool) dismiss(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.era != p.era || p.excess.Load() <= 0 {
		return false
	}
	p.excess.Add(-1)
	p.workers.Add(-1)
	if w.search {
		w.search = false
		p.searching.Add(-1)
	}
	p.forget(w)
	return true
}

// Resize changes how many workers there are, at once: too few are started when needed, too many end when
// they have finished the task they run. The error names what is wrong with minWorkers and maxWorkers.
func (p *Pool) Resize(minWorkers, maxWorkers int) error {
	var faults core.Faults
	faults.Require(minWorkers > 0, "MinWorkers", minWorkers, "must be above 0")
	faults.Require(minWorkers <= maxWorkers, "MinWorkers", minWorkers, fmt.Sprintf("must be at most MaxWorkers, %d", maxWorkers))
	faults.Require(maxWorkers <= mostWorkers, "MaxWorkers", maxWorkers, fmt.Sprintf("must be at most %d", mostWorkers))
	if err := core.Configure(pkg, p.inst.name, faults.Err()); err != nil {
		return err
	}
	p.mu.Lock()
	p.min.Store(int32(minWorkers))
	p.max.Store(int32(maxWorkers))
	p.trim()
	p.mu.Unlock()
	p.resignal()
	return nil
}

// trim ends the workers there are too many of: first those that are idle. The caller holds mu.
func (p *Pool) trim() {
	surplus := int(p.workers.Load() - p.max.Load())
	p.end(min(len(p.parked), max(surplus, 0)))
	p.excess.Store(max(p.workers.Load()-p.max.Load(), 0))
	if len(p.parked) > 0 && p.beyond() > 0 {
		p.watchIdle(p.cfg.IdleTimeout)
	}
}
