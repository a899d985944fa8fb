package sched

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// execution is a task that runs and is not plain.
type execution struct {
	item
	call   *call           // nil: it runs under the pool's own context
	ctx    context.Context //nolint:containedctx // of the task that runs now
	free   context.CancelFunc
	span   telemetry.Span
	start  int64
	active bool
}

// count counts a task that returned.
func (w *worker) count(err error) {
	if err == nil {
		w.counts.completed.Add(1)
		return
	}
	var p *core.PanicError
	if errors.As(err, &p) {
		w.counts.panicked.Add(1)
		return
	}
	w.counts.failed.Add(1)
}

// fail counts a task that panicked or ended its goroutine, and tells of it.
func (w *worker) fail(p *core.PanicError) {
	ctx := w.ctx
	told := false
	if w.now.active {
		ctx = w.now.ctx
		_, told = inner(w.now.work).(reporter)
	}
	if !told {
		w.pool.inst.panicked(ctx, p)
	}
	if w.now.active {
		w.end(p)
		return
	}
	w.count(p)
}

// inner is the work without its terms.
func inner(w work) work {
	if a, ok := w.(*attended); ok {
		return a.work
	}
	return w
}

// execute runs a task that is not plain.
func (w *worker) execute(it item) {
	if t, ok := it.work.(*ticket); ok {
		w.pool.tickets.Add(-1)
		next, ok := (*Group)(t).take(true)
		if !ok {
			w.counts.void.Add(1)
			return
		}
		it.work, it.at = next.work, max(it.at, next.at)
	}
	if w.begin(it) {
		w.end(w.now.run(w.now.ctx))
	}
}

// begin makes ready what the task runs under; false means that its caller no longer wants it.
func (w *worker) begin(it item) bool {
	e := &w.now
	*e = execution{item: it, ctx: w.ctx, active: true}
	timeout := w.pool.cfg.TaskTimeout
	if c, ok := it.work.(placed); ok {
		e.call = c.place()
		if err := e.call.gone(); err != nil {
			w.cancel(err)
			return false
		}
		e.ctx = e.call.begin(w.ctx)
		timeout = e.call.timeout(timeout)
	}
	if it.at != 0 {
		e.start = clock.Now()
	}
	w.trace()
	if timeout > 0 {
		e.ctx, e.free = context.WithTimeout(e.ctx, timeout)
	}
	return true
}

// cancel gives up a task whose caller had given up.
func (w *worker) cancel(err error) {
	abandoned := w.now.work
	w.now = execution{}
	w.counts.cancelled.Add(1)
	abandoned.abandon(err)
}

// trace starts the task's span, if it is to have one.
func (w *worker) trace() {
	e, p := &w.now, w.pool
	_, own := inner(e.work).(reporter)
	switch {
	case own: // it makes its span itself
	case e.call != nil && e.call.waited:
		if p.inst.scope.Traced(e.ctx) {
			e.ctx, e.span = p.inst.scope.Start(e.ctx, p.inst.span, w.attributes()...)
		}
	case e.call != nil && e.call.values != nil && p.linked(e.call.values):
		var links []trace.Link
		if link, ok := telemetry.Link(e.call.values); ok {
			links = append(links, link)
		}
		e.ctx, e.span = p.inst.scope.StartLinked(e.ctx, p.inst.span, links, w.attributes()...)
	case p.always:
		e.ctx, e.span = p.inst.scope.StartLinked(e.ctx, p.inst.span, nil, w.attributes()...)
	}
}

// end settles a task that is over.
func (w *worker) end(err error) {
	e := &w.now
	if e.free != nil {
		e.free()
	}
	if e.at != 0 {
		w.pool.inst.timed(e.ctx, e.start-e.at, clock.Now()-e.start, err)
	}
	e.span.End(err)
	if e.call != nil {
		e.call.end()
	}
	over := e.work
	*e = execution{}
	w.count(err)
	if s, ok := over.(settler); ok {
		s.settle(err)
	}
}

// attributes are those of the task's span.
func (w *worker) attributes() []attribute.KeyValue {
	attrs := []attribute.KeyValue{flowconv.PoolNameKey.String(w.pool.inst.name)}
	if e := &w.now; e.at != 0 {
		wait := time.Duration(e.start - e.at)
		attrs = append(attrs, flowconv.PoolTaskWaitKey.Float64(wait.Seconds()))
	}
	return attrs
}
