package sched

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goflow-go/goflow/core"
)

// chainRun is one run of a Chain.
type chainRun struct {
	chain     *Chain
	ran       int        // steps that ran
	succeeded []*step    // those to undo should the chain fail, in order
	ended     chan error // how the attempt or undo that runs has ended
}

func (r *chainRun) run(ctx context.Context) error {
	steps := r.chain.steps
	for at := 0; at < len(steps); {
		action, err := r.step(ctx, steps[at])
		if err != nil && action.kind == actionStop {
			return r.fail(ctx, steps[at], err)
		}
		at = r.next(at, action)
	}
	return nil
}

// next is the step to go on with after the one at; the number of steps is the end.
func (r *chainRun) next(at int, action Action) int {
	switch action.kind {
	case actionStop:
		return len(r.chain.steps)
	case actionJump:
		return r.chain.index[action.step]
	default:
		return at + 1
	}
}

// step runs a step if one may run, its further attempts included, and says what is to be done then:
// never a retry.
func (r *chainRun) step(ctx context.Context, s *step) (action Action, err error) {
	if err := r.mayRun(ctx); err != nil {
		return Stop(), err
	}
	r.ran++
	ctx, span := r.chain.span(ctx, spanStep, s)
	defer func() { span.End(err) }()
	if err = r.contain(ctx, s.Do); err != nil {
		action, err = r.again(ctx, s, err)
	}
	if err != nil {
		s.counts[stepFailure].Add(1)
		return action, err
	}
	s.counts[stepSuccess].Add(1)
	if s.Undo != nil {
		r.succeeded = append(r.succeeded, s)
	}
	return s.OnSuccess, nil
}

// mayRun says why no further step may run.
func (r *chainRun) mayRun(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if r.ran == r.chain.cfg.MaxSteps {
		return fmt.Errorf("the chain has run %d steps, its MaxSteps", r.ran)
	}
	return nil
}

// again goes on after the first attempt of a step has failed. The action is what follows when the others
// have, too.
func (r *chainRun) again(ctx context.Context, s *step, err error) (Action, error) {
	action := s.OnError
	for ; action.kind == actionRetry; action = action.after() {
		for range action.attempts {
			if !pause(ctx, action.delay) {
				return Stop(), fmt.Errorf("%w, and was not tried again: %w", err, context.Cause(ctx))
			}
			s.counts[stepRetried].Add(1)
			if err = r.contain(ctx, s.Do); err == nil {
				return action, nil
			}
		}
	}
	return action, err
}

// pause waits for d; it is false when ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

// fail undoes what was done and makes the error of it.
func (r *chainRun) fail(ctx context.Context, at *step, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.chain.cfg.UndoTimeout)
	defer cancel()
	failed := &ChainError{Chain: r.chain.name, Step: at.Name, Err: err}
	var errs []error
	for _, s := range slices.Backward(r.succeeded) {
		if err := r.undo(ctx, s); err != nil {
			errs = append(errs, fmt.Errorf("step %q: %w", s.Name, err))
			continue
		}
		failed.Undone = append(failed.Undone, s.Name)
	}
	failed.UndoErr = errors.Join(errs...)
	return failed
}

// undo takes back one success of a step.
func (r *chainRun) undo(ctx context.Context, s *step) (err error) {
	ctx, span := r.chain.span(ctx, spanUndo, s)
	defer func() { span.End(err) }()
	if err = r.contain(ctx, s.Undo); err != nil {
		s.counts[stepUndoFailed].Add(1)
		return err
	}
	s.counts[stepUndone].Add(1)
	return nil
}

// contain runs task in a goroutine of its own, which has the pprof labels of the chain: only there can
// the end of the goroutine be told from the end of the task. We do not run all steps of a run in one
// goroutine, because what takes over from one that ended would have to know where it was.
func (r *chainRun) contain(ctx context.Context, task core.Task) error {
	go func() { // labels: inherited
		err := error(&core.PanicError{})
		defer func() { r.ended <- err }()
		err = core.Try(ctx, task)
	}()
	return <-r.ended
}
