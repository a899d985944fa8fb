package sched

import (
	"context"
	"errors"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/wheel"
	"github.com/goflow-go/goflow/telemetry"
)

// Timer is a task that runs once, later. The zero Timer is one that has run.
type Timer struct{ handle wheel.Handle[timed] }

// Stop keeps the task from running, and lets go of it at once. It is false when it is too late, or Stop
// was called before. It does not block.
func (t Timer) Stop() bool { return t.handle.Stop() }

// After runs task once, d from now or as soon as possible after, on the scheduler's pool. It goes by
// elapsed time and does not block. Unlike a job, the task has no name, no rules and no history: it costs 40
// bytes while it waits and is counted with the tasks of the pool, so that there may be millions.
//
// The task runs under a context with ctx's span context, baggage and the values named by [WithValues],
// but not its end (see telemetry.Detach). When ctx's span is sampled, it has a root span of its own,
// linked to that. The error matches core.ErrInvalid when task is nil or d negative, and core.ErrRejected
// when the scheduler holds as many as it may.
func (s *Scheduler) After(ctx context.Context, d time.Duration, task core.Task) (Timer, error) {
	if task == nil || d < 0 {
		return Timer{}, s.refuse(d, task)
	}
	var t timed = deferred(task)
	if values := telemetry.Detach(ctx, s.values...); values != context.Background() {
		t = &bound{values, task}
	}
	h, ok := s.wheel.TryAt(clock.Now()+int64(d), t, s.cfg.MaxTimers)
	if !ok {
		return Timer{}, &TooManyError{Scheduler: s.name, What: "timers", Limit: s.cfg.MaxTimers}
	}
	return Timer{h}, nil
}

func (s *Scheduler) refuse(d time.Duration, task core.Task) error {
	var faults core.Faults
	faults.Require(d >= 0, "After", d, "must not be negative")
	return core.Configure(pkg, s.name, errors.Join(requireTask(task), faults.Err()))
}

func (d deferred) due(_ *Scheduler, _ int64, ws []work) []work { return append(ws, d) }

func (b *bound) due(_ *Scheduler, _ int64, ws []work) []work { return append(ws, b) }
