package sched

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/goflow-go/goflow/core"
)

// due is called when the time the wheel was told has come. By then the job may have been planned anew, or
// the wall clock have fallen behind: then it waits for the rest.
func (j *Job) due(s *Scheduler, now int64, ws []work) []work {
	j.mu.Lock()
	defer j.mu.Unlock()
	wall := now + s.wall.offset.Load()
	if j.state&waiting == 0 {
		return ws
	}
	if wall < j.next {
		j.arm()
		return ws
	}
	j.state &^= waiting
	s.armed.Add(-1)
	due := j.next
	next, ok := j.ask(time.Unix(0, due))
	if (!ok || unixNano(next) > wall) && wall-due <= int64(s.cfg.MisfireAfter) { // as it mostly is
		ws = j.admit(due, false, ws)
		j.plan(next, ok)
		j.arm()
		return ws
	}
	p := j.passed(wall, next, ok)
	runs := p.chosen(j.options().misfireRule(), wall-int64(s.cfg.MisfireAfter))
	for _, t := range runs {
		ws = j.admit(t, len(runs) > 1, ws)
	}
	if missed := p.n - len(runs); missed > 0 {
		j.missed(missed, p.first)
	}
	j.plan(p.next, !p.ended)
	j.arm()
	if j.over() { // nothing was to run
		defer s.remove(j)
	}
	return ws
}

// passed is what a job was due for up to now.
type passed struct {
	first int64
	last  []int64 // the last of them, in order: as many as the misfire rule may want, at least one
	n     int     // how many; not counted beyond maxMissed
	next  time.Time
	ended bool
}

// ask asks the trigger for the first time after t; the caller holds the lock. A trigger that panics, or
// gives a time that is not after t, has ended: the job would be due for ever.
func (j *Job) ask(t time.Time) (next time.Time, ok bool) {
	defer func() {
		if v := recover(); v != nil {
			next, ok = time.Time{}, false
			j.broken(&core.PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	next, ok = j.trigger.Next(t)
	if ok && !next.After(t) {
		panic(fmt.Sprintf("trigger gave %v, which is not after %v", next, t))
	}
	return next, ok
}

// passed asks the trigger for all times up to wall, from the one the job waited for and next, which comes
// after it; the caller holds the lock. A trigger that gave too many is asked only for the next.
func (j *Job) passed(wall int64, next time.Time, ok bool) passed {
	keep := max(1, int(j.options().misfireRule()))
	p := passed{first: j.next, last: []int64{j.next}, n: 1}
	for ; ; next, ok = j.ask(next) {
		if p.n == int(maxMissed) && ok && unixNano(next) <= wall {
			next, ok = j.ask(time.Unix(0, wall))
		}
		p.next, p.ended = next, !ok
		if !ok || unixNano(next) > wall {
			return p
		}
		p.n++
		if len(p.last) == keep {
			copy(p.last, p.last[1:])
			p.last = p.last[:keep-1]
		}
		p.last = append(p.last, unixNano(next))
	}
}

// chosen is which of the times are run: those that are not too late, and what the rule says of others.
func (p *passed) chosen(rule Misfire, tooLate int64) []int64 {
	last := p.last[len(p.last)-1]
	if rule == SkipMissed && last < tooLate {
		return nil
	}
	if rule > 0 {
		return p.last
	}
	return p.last[len(p.last)-1:]
}

// free reports whether a run may start now; the caller holds the lock.
func (j *Job) free() bool { return j.running < j.options().overlapRule().most() }

// admit starts a run, or does with it what the overlap rule says. Of missed runs that are made up for,
// each waits for the one before.
func (j *Job) admit(t int64, madeUp bool, ws []work) []work {
	switch {
	case j.state&(cancelled|exhausted) != 0: // the limit was reached by the run before
	case j.free():
		return append(ws, j.begin(t))
	case madeUp && len(j.more().backlog) < int(maxMissed):
		j.extra.backlog = append(j.extra.backlog, t)
	case !j.defers(t):
		j.skipped()
	}
	return ws
}

// defers lets a run wait for the one under way, when the overlap rule has room for it.
func (j *Job) defers(t int64) bool {
	if j.options().overlapRule() != QueueOne || len(j.more().backlog) > 0 {
		return false
	}
	j.extra.backlog = append(j.extra.backlog, t)
	return true
}

// begin makes a run; the caller holds the lock and hands it to the pool.
func (j *Job) begin(t int64) *run {
	x := j.more()
	if x.meter == nil {
		x.meter = j.scheduler.meterOf(j.name)
	}
	if x.left > 0 {
		if x.left--; x.left == 0 {
			j.state |= exhausted
			x.backlog = nil
		}
	}
	if x.ended == nil {
		x.ended, x.interrupt = context.WithCancelCause(x.values)
	}
	j.running++
	x.meter.active.Add(1)
	r := &run{job: j, scheduled: t}
	r.values, r.waited = x.ended, true
	if x.opts != nil {
		r.option.priority = x.opts.task.priority
	}
	return r
}

// resume starts the runs that waited for one that has ended; the caller holds the lock.
func (j *Job) resume(ws []work) []work {
	for j.extra != nil && len(j.extra.backlog) > 0 && j.free() && j.scheduler.running() {
		t := j.extra.backlog[0]
		j.extra.backlog = j.extra.backlog[1:]
		ws = append(ws, j.begin(t))
	}
	return ws
}
