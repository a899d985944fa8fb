package sched

import (
	"context"
	"sync/atomic"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// step is a Step with what it has counted.
type step struct {
	Step
	counts  [stepUndoFailed + 1]atomic.Int64
	metrics [stepUndoFailed + 1]telemetry.Point
}

// What became of a step, by index of step.counts.
const (
	stepSuccess uint8 = iota
	stepFailure
	stepRetried
	stepUndone
	stepUndoFailed
)

func newStep(chain string, s Step) *step {
	s.OnSuccess, s.OnError = s.OnSuccess.or(Continue()), s.OnError.or(Stop())
	st := &step{Step: s}
	for i, outcome := range []string{
		stepSuccess: flowconv.ChainOutcomeSuccess, stepFailure: flowconv.ChainOutcomeFailure,
		stepRetried: flowconv.ChainOutcomeRetried,
		stepUndone:  flowconv.ChainOutcomeUndone, stepUndoFailed: flowconv.ChainOutcomeUndoFailed,
	} {
		st.metrics[i] = telemetry.NewPoint(flowconv.ChainSteps,
			flowconv.ChainNameKey.String(chain), flowconv.ChainStepKey.String(s.Name), flowconv.ChainOutcomeKey.String(outcome))
	}
	return st
}

// StepStats is what a [Chain] has counted about one of its steps since it was made.
type StepStats struct {
	Step       string // the step's name
	Successes  int64  // runs that succeeded, at whichever attempt
	Failures   int64  // runs that failed, after all their attempts
	Retries    int64  // attempts after the first of a run
	Undone     int64  // successes that were undone
	UndoFailed int64  // successes that could not be undone
}

// Stats reads the counters, in the order of the steps.
func (c *Chain) Stats() []StepStats {
	stats := make([]StepStats, len(c.steps))
	for i, s := range c.steps {
		stats[i] = StepStats{
			Step:       s.Name,
			Successes:  s.counts[stepSuccess].Load(),
			Failures:   s.counts[stepFailure].Load(),
			Retries:    s.counts[stepRetried].Load(),
			Undone:     s.counts[stepUndone].Load(),
			UndoFailed: s.counts[stepUndoFailed].Load(),
		}
	}
	return stats
}

// chainReading is how a chain is read at collection, kept off its method set.
type chainReading Chain

func (c *chainReading) Observe(o *telemetry.Observer) {
	for _, s := range c.steps {
		for i := range s.metrics {
			o.Observe(&s.metrics[i], s.counts[i].Load())
		}
	}
}

// span starts the span of a step that is run or undone.
func (c *Chain) span(ctx context.Context, verb string, s *step) (context.Context, telemetry.Span) {
	if !c.scope.Traced(ctx) {
		return ctx, telemetry.Span{}
	}
	return c.scope.Start(ctx, verb+c.name, flowconv.ChainNameKey.String(c.name), flowconv.ChainStepKey.String(s.Name))
}
