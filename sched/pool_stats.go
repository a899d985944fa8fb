package sched

import (
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// PoolStats is what a [Pool] has counted since it was made, and what it does now. Every task that was
// accepted is in exactly one of Completed, Failed, Panicked, Cancelled, Dropped, Returned, Queued and
// Running.
type PoolStats struct {
	Completed int64 // tasks that succeeded
	Failed    int64 // tasks that returned an error
	Panicked  int64 // tasks that panicked or ended their goroutine
	Cancelled int64 // tasks whose caller had given up before they began
	Dropped   int64 // tasks that made room for newer ones, see DropOldest
	Returned  int64 // tasks that Stop handed back
	Rejected  int64 // tasks that were not accepted

	Queued   int // tasks that wait now
	Running  int // tasks that run now
	Capacity int // tasks the queue has room for
	Workers  int // workers there are now
	Idle     int // workers that wait for a task
	Least    int // workers that are kept, once there are so many
	Limit    int // workers there may be
}

// Stats reads the counters.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := p.ended
	for _, w := range p.all {
		done.add(w.counts.read())
	}
	begun, queued := p.lent.Load(), p.grouped.Load()-p.tickets.Load()
	for i := range p.shards {
		b, c, n := p.shards[i].read()
		begun, queued = begun+b, queued+n
		done.completed += c
	}
	return PoolStats{
		Completed: done.completed, Failed: done.failed, Panicked: done.panicked, Cancelled: done.cancelled,
		Dropped: p.dropped.Load(), Returned: p.returned.Load(), Rejected: p.rejected.Load(),
		Queued: max(int(queued), 0), Running: int(begun - done.sum()), Capacity: p.cfg.Queue,
		Workers: len(p.all), Idle: len(p.parked), Least: int(p.min.Load()), Limit: int(p.max.Load()),
	}
}

// poolPoints are the metrics of a pool.
type poolPoints struct {
	completed, failed, panicked, cancelled, rejected, dropped, returned telemetry.Point
	queue, capacity, idle, busy, limit, utilization                     telemetry.Point
}

func (i *poolInstrument) poolPoints() poolPoints {
	name := flowconv.PoolNameKey.String(i.name)
	tasks := func(outcome string) telemetry.Point {
		return telemetry.NewPoint(flowconv.PoolTasks, name, flowconv.PoolOutcomeKey.String(outcome))
	}
	workers := func(state string) telemetry.Point {
		return telemetry.NewPoint(flowconv.PoolWorkerActive, name, flowconv.PoolWorkerStateKey.String(state))
	}
	return poolPoints{
		tasks(flowconv.PoolOutcomeCompleted), tasks(flowconv.PoolOutcomeFailed), tasks(flowconv.PoolOutcomePanicked),
		tasks(flowconv.PoolOutcomeCancelled), tasks(flowconv.PoolOutcomeRejected), tasks(flowconv.PoolOutcomeDropped),
		tasks(flowconv.PoolOutcomeReturned),
		telemetry.NewPoint(flowconv.PoolQueueSize, name), telemetry.NewPoint(flowconv.PoolQueueCapacity, name),
		workers(flowconv.PoolWorkerStateIdle), workers(flowconv.PoolWorkerStateBusy),
		telemetry.NewPoint(flowconv.PoolWorkerLimit, name), telemetry.NewPoint(flowconv.PoolWorkerUtilization, name),
	}
}

// poolReading is how a pool is read at collection, kept off its method set.
type poolReading Pool

func (r *poolReading) Observe(o *telemetry.Observer) {
	s, m := (*Pool)(r).Stats(), &r.inst.metrics
	o.Observe(&m.completed, s.Completed)
	o.Observe(&m.failed, s.Failed)
	o.Observe(&m.panicked, s.Panicked)
	o.Observe(&m.cancelled, s.Cancelled)
	o.Observe(&m.rejected, s.Rejected)
	o.Observe(&m.dropped, s.Dropped)
	o.Observe(&m.returned, s.Returned)
	o.Observe(&m.queue, int64(s.Queued))
	o.Observe(&m.capacity, int64(s.Capacity))
	o.Observe(&m.idle, int64(s.Idle))
	o.Observe(&m.busy, int64(s.Workers-s.Idle))
	o.Observe(&m.limit, int64(s.Limit))
	o.Observe(&m.utilization, int64(s.Workers-s.Idle)*1_000_000/int64(s.Limit))
}
