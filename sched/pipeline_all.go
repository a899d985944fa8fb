package sched

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// All takes the items of seq through the pipeline and gives their results, in the order of seq unless
// PipelineConfig.Unordered. An item that failed gives its [*StageError], and the others go on. There are at
// most PipelineConfig.MaxInFlight items between seq and the loop: who takes results slowly slows seq down.
//
// seq runs in a goroutine of its own. When ctx ends, or the pipeline is stopped, the next item of seq fails
// for that reason, and no more are asked for. When the loop is left early, the context of the items inside
// ends. In any case All returns when these have left and seq has returned, so nothing runs any more; a seq
// that waits for something must itself end when no more is needed. A panic of seq is the last error.
//
// Each item is a trace of its own, linked to that of ctx, if that is recorded.
func (p *Pipeline[In, Out]) All(ctx context.Context, seq iter.Seq[In]) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		f := feed[In, Out]{
			pipeline: p,
			slots:    make(chan struct{}, p.line.cfg.MaxInFlight),
			results:  make(chan *Future[Out], p.line.cfg.MaxInFlight),
		}
		defer f.drain()
		defer cancel()
		go telemetry.Labeled(ctx, "pipeline", p.line.name, func(ctx context.Context) { f.run(ctx, seq) })
		for result := range f.results {
			<-result.Done()
			<-f.slots
			if !yield(result.value, result.err) {
				return
			}
		}
	}
}

// feed is what puts the items of an All into its pipeline.
type feed[In, Out any] struct {
	pipeline *Pipeline[In, Out]
	slots    chan struct{}     // a token for each item that is inside or waits to be taken
	results  chan *Future[Out] // in the order they are given; has room for each that has a slot
	inside   sync.WaitGroup
}

// run puts the items of seq in, and closes results when all have left.
func (f *feed[In, Out]) run(ctx context.Context, seq iter.Seq[In]) {
	defer func() {
		f.inside.Wait()
		close(f.results)
	}()
	broken := &core.PanicError{} // should seq end this goroutine
	defer func() {
		if v := recover(); v != nil {
			broken.Value, broken.Stack = v, debug.Stack()
		}
		if broken != nil {
			f.fail(broken)
		}
	}()
	for in := range seq {
		f.slots <- struct{}{} // who takes results gives them back, whatever ctx does
		if !f.put(ctx, in) {
			break
		}
	}
	broken = nil
}

// put puts an item in; it is false when the pipeline did not take it, nor will take another.
func (f *feed[In, Out]) put(ctx context.Context, in In) bool {
	result := new(Future[Out])
	f.inside.Add(1)
	left := f.inside.Done
	if f.pipeline.line.cfg.Unordered {
		left = func() {
			f.results <- result
			f.inside.Done()
		}
	} else {
		f.results <- result
	}
	return f.pipeline.carry(in, result, left).set(ctx, true)
}

// fail makes err the last result.
func (f *feed[In, Out]) fail(err error) {
	result := new(Future[Out])
	result.settle(fmt.Errorf("sched: pipeline %q got no more items: %w", f.pipeline.line.name, err))
	f.slots <- struct{}{}
	f.results <- result
}

// drain waits for all that is inside, and for seq, when no one takes results any more.
func (f *feed[In, Out]) drain() {
	for range f.results {
		<-f.slots
	}
}
