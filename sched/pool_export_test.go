package sched

import (
	"context"

	"github.com/goflow-go/goflow/core"
)

// Work is a work as the scheduler and pipelines put it into a pool.
type Work struct {
	Task    core.Task
	Abandon func(error)
}

func (w *Work) run(ctx context.Context) error { return w.Task(ctx) }
func (w *Work) abandon(err error)             { w.Abandon(err) }

// ReportingWork is a Work that tells of its panics itself.
type ReportingWork struct{ *Work }

func (ReportingWork) reports() {}

// Bound is a deferred task with a context of its own.
func Bound(values context.Context, task core.Task) any { return &bound{values, task} }

// Enqueue is enqueue.
func (p *Pool) Enqueue(ctx context.Context, w any, o TaskOption) error {
	return p.enqueue(ctx, w.(work), o)
}

// Offer is offer.
func (p *Pool) Offer(priority Priority, ws ...any) int {
	list := make([]work, len(ws))
	for i, w := range ws {
		list[i] = w.(work)
	}
	return p.offer(list, priority)
}
