package sched

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// traveller is an item on its way. It is the work of one pool after the other: of the one whose queue it
// is in, or whose worker has it. Only that worker touches what is not atomic.
type traveller struct {
	line   *line
	ctx    context.Context //nolint:containedctx // of the item: it goes with it from stage to stage
	span   telemetry.Span
	start  int64
	at     atomic.Int32 // index of the stage it is at
	value  any          // what the stage gets, then what it has made
	arrive func(v any, err error)
}

// set sets t out from the first stage; it is false when t was not let in. An item of a sequence is the root
// of a trace of its own, linked to that of ctx, because the caller waits for all of them and not for it.
func (t *traveller) set(ctx context.Context, root bool) bool {
	l := t.line
	if ctx.Err() != nil {
		t.arrive(nil, t.failure(context.Cause(ctx)))
		return false
	}
	if !l.enter() {
		t.arrive(nil, l.stopped())
		return false
	}
	t.ctx, t.start = ctx, clock.Now()
	if l.scope.Traced(ctx) {
		t.ctx, t.span = l.trace(ctx, root)
	}
	t.forward()
	return true
}

// trace starts the span of an item.
func (l *line) trace(ctx context.Context, root bool) (context.Context, telemetry.Span) {
	name := flowconv.PipelineNameKey.String(l.name)
	if !root {
		return l.scope.Start(ctx, l.span, name)
	}
	var links []trace.Link
	if link, ok := telemetry.Link(ctx); ok {
		links = append(links, link)
	}
	return l.scope.StartLinked(ctx, l.span, links, name)
}

// stage is where t is.
func (t *traveller) stage() *stage { return &t.line.stages[t.at.Load()] }

// failure is err at the stage where t is.
func (t *traveller) failure(err error) error {
	return &StageError{Pipeline: t.line.name, Stage: t.stage().name, Err: err}
}

// forward gives t to the workers of the stage where it is. It blocks while they have no room, which is what
// holds back the stage before.
func (t *traveller) forward() {
	err := t.ctx.Err()
	if err == nil {
		err = t.stage().pool.enqueue(t.ctx, t, TaskOption{})
	}
	if err == nil {
		return // t is theirs
	}
	if t.ctx.Err() != nil {
		err = context.Cause(t.ctx)
	}
	t.leave(err)
}

// run is the work of the stage where t is.
func (t *traveller) run(ctx context.Context) (err error) {
	t.value, err = t.stage().do(ctx, t.value)
	return err
}

// settle goes on after run. The worker of the stage calls it when it has counted the work and has ended its
// span, so that the wait for the next stage is in neither.
func (t *traveller) settle(err error) {
	if err != nil || int(t.at.Load()) == len(t.line.stages)-1 {
		t.leave(err)
		return
	}
	t.at.Add(1)
	t.forward()
}

// abandon is settle of work that never began.
func (t *traveller) abandon(err error) { t.leave(err) }

// leave ends the way of t, at the stage where it is.
func (t *traveller) leave(err error) {
	l, v := t.line, t.value
	if err == nil {
		l.completed.Add(1)
	} else {
		err, v = t.failure(err), nil
		l.failed.Add(1)
	}
	l.took.Record(t.ctx, time.Duration(clock.Now()-t.start), err)
	t.span.End(err)
	l.leave()
	t.arrive(v, err)
}
