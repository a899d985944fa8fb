package sched

import (
	"context"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Priority says which of the tasks that wait begins first. A lower one is not starved: while tasks of a
// higher one keep coming, it still gets one of 16 turns.
type Priority int8

// The priorities. The zero value is Normal.
const (
	Low    Priority = -1
	Normal Priority = 0
	High   Priority = 1
)

// String gives the name: low, normal or high.
func (p Priority) String() string {
	switch p {
	case Low:
		return "low"
	case Normal:
		return "normal"
	case High:
		return "high"
	}
	return fmt.Sprintf("Priority(%d)", int8(p))
}

// lane is the index of the priority's ring in a shard: the higher, the sooner.
func (p Priority) lane() int { return int(p - Low) }

// TaskOption says how one task is run. Options are values: they cost no allocation.
type TaskOption struct {
	priority Priority
	timeout  time.Duration
	set      bits
}

// bits are the fields of a TaskOption that were given.
type bits uint8

const (
	setPriority bits = 1 << iota
	setTimeout
)

// WithPriority sets which tasks go first. Defaults to [Normal].
func WithPriority(p Priority) TaskOption { return TaskOption{priority: p, set: setPriority} }

// WithTimeout sets how long the task may run before its context ends, from when it begins; 0 means no
// bound. Defaults to the pool's TaskTimeout.
func WithTimeout(d time.Duration) TaskOption { return TaskOption{timeout: d, set: setTimeout} }

// taskOptions merges options: of two that say the same, the later holds.
func taskOptions(opts []TaskOption) (merged TaskOption) {
	for _, o := range opts {
		if o.set&setPriority != 0 {
			merged.priority = o.priority
		}
		if o.set&setTimeout != 0 {
			merged.timeout = o.timeout
		}
		merged.set |= o.set
	}
	return merged
}

func (o TaskOption) valid() bool { return o.priority >= Low && o.priority <= High && o.timeout >= 0 }

// faults is what is wrong with an option.
func (o TaskOption) faults() error {
	var faults core.Faults
	faults.Require(o.priority >= Low && o.priority <= High, "priority", o.priority, "must be one of low, normal, high")
	faults.Require(o.timeout >= 0, "timeout", o.timeout, "must not be negative")
	return faults.Err()
}

// work is what a worker runs.
type work interface {
	run(ctx context.Context) error
	abandon(err error) // it will never run: dropped, or the pool was stopped
}

// placed is a work that does not simply run under the pool's own context.
type placed interface{ place() *call }

// settler is a work with someone who waits for it. settle is called once, with what run returned, or the
// panic that ended it; by then it is counted, and its span has ended.
type settler interface{ settle(err error) }

// reporter is a work that makes its span and tells of its panics itself.
type reporter interface{ reports() }

// item is a work in the queue.
type item struct {
	work
	at int64 // when it was put there; 0 when it is not timed
}

// deferred is what [Pool.Submit] was given: no one waits for it.
type deferred core.Task

func (d deferred) run(ctx context.Context) error { return d(ctx) }
func (deferred) abandon(error)                   {} // Stop lists it

// bound is a deferred task with a detached context of its own.
type bound struct {
	values context.Context //nolint:containedctx // it waits in the queue with its task
	task   core.Task
}

func (b *bound) run(ctx context.Context) error { return b.task(ctx) }
func (*bound) abandon(error)                   {}
func (b *bound) place() *call                  { return &call{taskContext: taskContext{values: b.values}} }

// call is how a work that is not plain runs.
type call struct {
	taskContext
	option TaskOption
}

func (c *call) place() *call { return c }

// timeout is how long it may run, when the pool says d.
func (c *call) timeout(d time.Duration) time.Duration {
	if c.option.set&setTimeout != 0 {
		return c.option.timeout
	}
	return d
}

// attended is a work together with how it runs.
type attended struct {
	call
	work
}

func (a *attended) settle(err error) {
	if s, ok := a.work.(settler); ok {
		s.settle(err)
	}
}

// taskOf is what was given to Submit, if it was.
func taskOf(w work) (core.Task, bool) {
	switch w := w.(type) {
	case deferred:
		return core.Task(w), true
	case *bound:
		return w.task, true
	case *attended:
		return taskOf(w.work)
	}
	return nil, false
}
