package sched

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Pipeline takes items through stages, each of which has workers, a queue, a timeout and policies of its
// own: while one item is resized, the next is fetched. A stage that cannot give an item to the next waits
// until there is room, so the slowest sets the pace and no more items are in the pipeline than its workers
// and queues hold.
//
// An item that fails, or makes its stage panic, leaves with a [*StageError] and holds up no other. So does
// one whose context ends, at the latest when it would go on to the next stage.
//
// [Pipeline.Process] takes one item through, [Pipeline.Submit] does not wait for it, [Pipeline.All] takes a
// sequence through. A stage must not wait for its own pipeline: if all workers did so, none could go on. All
// methods are safe for concurrent use.
type Pipeline[In, Out any] struct{ line *line }

// NewPipeline makes a pipeline, ready to use. The name is its telemetry's and its errors'. A wrong config
// is an error that names every stage and field at fault. Stop it when it is no longer needed.
func NewPipeline[In, Out any](name string, cfg PipelineConfig, stages Stages[In, Out], opts ...Option) (*Pipeline[In, Out], error) {
	l, err := newLine(name, cfg, stages.list, opts)
	if err != nil {
		return nil, err
	}
	return &Pipeline[In, Out]{l}, nil
}

// Name is the name the pipeline was made with.
func (p *Pipeline[In, Out]) Name() string { return p.line.name }

// String gives the name and the number of stages.
func (p *Pipeline[In, Out]) String() string {
	return fmt.Sprintf("pipeline %q: %d stages", p.line.name, len(p.line.stages))
}

// Process takes an item through all stages and returns what the last has made of it. It blocks until then,
// or until ctx ends: the item then leaves as soon as its stage returns. The stages run under ctx.
//
// The error is a [*StageError], or a [*StoppedError] when the pipeline takes no more items.
func (p *Pipeline[In, Out]) Process(ctx context.Context, in In) (Out, error) {
	f := new(Future[Out])
	t := p.carry(in, f, nil)
	t.set(ctx, false)
	select {
	case <-f.Done():
		return f.value, f.err
	case <-ctx.Done():
	}
	select {
	case <-f.Done():
		return f.value, f.err
	default:
		var zero Out
		return zero, t.failure(context.Cause(ctx))
	}
}

// Submit is Process for who does not wait at once. It blocks while the queue of the first stage is full,
// until ctx ends. The stages run under ctx, so it must not end before the item is done. What Process would
// return is the future's result.
func (p *Pipeline[In, Out]) Submit(ctx context.Context, in In) *Future[Out] {
	f := new(Future[Out])
	p.carry(in, f, nil).set(ctx, false)
	return f
}

// carry makes a traveller of an item. What becomes of it is the result of f, and then left is called.
func (p *Pipeline[In, Out]) carry(in In, f *Future[Out], left func()) *traveller {
	return &traveller{line: p.line, value: in, arrive: func(v any, err error) {
		f.value, _ = v.(Out) // Out may be an interface, and v its nil
		f.settle(err)
		if left != nil {
			left()
		}
	}}
}

// line is a pipeline without its types.
type line struct {
	name   string
	span   string // the name of its spans
	cfg    PipelineConfig
	stages []stage

	scope   *telemetry.Scope
	reader  *telemetry.Registration
	metrics pipelinePoints
	took    *telemetry.Durations

	completed, failed atomic.Int64

	lifecycle sync.Mutex // of Start and the end of Stop

	mu      sync.Mutex
	open    bool          // takes items
	inside  int           // items that have not left
	stops   int           // calls of Stop that have not returned
	drained chan struct{} // of the last Stop: closed when inside is 0
}

func newLine(name string, cfg PipelineConfig, stages []stage, opts []Option) (*line, error) {
	invalid := errors.Join(cfg.Validate(), validateStages(name, stages))
	if err := core.Configure(pkg, name, invalid); err != nil {
		return nil, err
	}
	stages, err := staff(name, stages, opts)
	if err != nil {
		return nil, err
	}
	l := &line{name: name, span: spanProcess + name, cfg: cfg.withDefaults(stages), stages: stages, open: true}
	l.scope = telemetry.NewScope(scopeName, newOptions(opts).telemetry...)
	l.metrics = newPipelinePoints(name)
	l.reader = pipelines.Register(l.scope, (*pipelineReading)(l))
	l.took = l.reader.Durations(flowconv.PipelineItemDuration, flowconv.PipelineNameKey.String(name))
	return l, nil
}
