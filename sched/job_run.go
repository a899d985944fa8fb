package sched

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/ctxkey"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// run is one run of a job, on its way through the pool. It is the context of its own task, too: the one
// that ends with the job's, and knows the occurrence.
type run struct {
	call
	job       *Job
	scheduled int64       // wall clock
	asked     *trace.Link // where RunNow was called
	untimed   bool        // one of many that are due at once
}

// reports says that a run makes its span and tells of its panics itself.
func (r *run) reports() {}

// due is called when the pool was full before.
func (r *run) due(_ *Scheduler, _ int64, ws []work) []work { return append(ws, r) }

// abandon ends a run that the stopping pool has handed back.
func (r *run) abandon(err error) {
	r.ended(past{scheduled: r.scheduled, outcome: Cancelled, err: err})
}

// Value answers what core.OccurrenceOf asks, and else what the context it is made of does.
func (r *run) Value(key any) any {
	if key == (ctxkey.Occurrence{}) {
		return core.Occurrence{Job: r.job.name, Time: time.Unix(0, r.scheduled)}
	}
	return r.call.Value(key)
}

// run runs the job's task once. It runs under itself, which the pool has begun as a context of its own.
func (r *run) run(context.Context) (err error) {
	s := r.job.scheduler
	if s.shared {
		s.flight.add(1)
		defer s.flight.add(-1)
	}
	start := clock.Now()
	p := past{scheduled: r.scheduled, started: start + s.wall.offset.Load()}
	task, ctx, cancel := r.prepare()
	if cancel != nil {
		defer cancel()
	}
	traced, span := r.trace(ctx, p.lateness())
	err = errGoexit // should the task end the goroutine
	defer func() {
		p.took, p.err, p.outcome = clock.Now()-start, err, outcomeOf(ctx, err)
		span.End(failureOf(err))
		r.measured(traced, p)
		r.ended(p)
	}()
	err = core.Try(traced, task)
	return err
}

// errGoexit is what became of a task that ended its goroutine.
var errGoexit error = &core.PanicError{}

// prepare gives what the run does and the context it does it under.
func (r *run) prepare() (task core.Task, ctx context.Context, cancel context.CancelFunc) {
	j := r.job
	j.mu.Lock()
	task, opts := j.task, j.extra.opts
	j.mu.Unlock()
	if opts != nil && opts.policy != nil {
		inner := task
		task = func(ctx context.Context) error { return opts.policy.Do(ctx, inner) }
	}
	if d := opts.timeoutOr(j.scheduler.cfg.Timeout); d > 0 {
		ctx, cancel = context.WithTimeout(r, d)
		return task, ctx, cancel
	}
	return task, r, nil
}

// trace starts the run's span: a root, linked to where the run was asked for.
func (r *run) trace(ctx context.Context, lateness int64) (traced context.Context, span telemetry.Span) {
	root := r.job.extra.meter.root
	if r.asked != nil {
		traced, span = root.Start(ctx, *r.asked)
	} else if link, ok := telemetry.Link(r.values); ok {
		traced, span = root.Start(ctx, link)
	} else {
		traced, span = root.Start(ctx)
	}
	if span.Recording() {
		span.Set(
			flowconv.JobNameKey.String(r.job.name), // the root may be of many names
			flowconv.JobScheduledTimeKey.String(time.Unix(0, r.scheduled).Format(time.RFC3339Nano)),
			flowconv.JobStartLatenessKey.Float64(time.Duration(lateness).Seconds()))
	}
	return traced, span
}

// failureOf leaves out what is no failure of a run: that it was not to be.
func failureOf(err error) error {
	if errors.Is(err, core.ErrRejected) {
		return nil
	}
	return err
}

func outcomeOf(ctx context.Context, err error) Outcome {
	switch {
	case err == nil:
		return Success
	case errors.Is(err, core.ErrRejected):
		return Skipped
	case core.ErrorType(err) == core.TypePanic:
		return Failure
	}
	if ended := ctx.Err(); ended != nil && !errors.Is(ended, context.DeadlineExceeded) {
		return Cancelled
	}
	return Failure
}

// measured records how long the run took and how late it was, and tells of a panic.
func (r *run) measured(ctx context.Context, p past) {
	j := r.job
	if !r.untimed {
		j.extra.meter.record(ctx, j.scheduler, p) // the meter is set when the run begins, and never changed
	}
	if p, ok := errors.AsType[*core.PanicError](p.err); ok {
		panicked(ctx, j.scheduler.scope, flowconv.EventJobPanic, "job", j.name, flowconv.JobNameKey, p)
	}
}

// ended takes the run out of the job, and starts what waited for it.
func (r *run) ended(p past) {
	j := r.job
	j.mu.Lock()
	x := j.extra
	j.running--
	x.meter.active.Add(-1)
	j.count(p.outcome, 1)
	x.history.add(p, j.scheduler.cfg.History)
	ws := j.resume(nil)
	if j.running == 0 && x.idle != nil {
		close(x.idle)
		x.idle = nil
	}
	over := j.over()
	j.mu.Unlock()
	if over {
		j.scheduler.remove(j)
	}
	j.scheduler.hand(ws)
}

// flight counts runs under way.
type flight struct {
	mu   sync.Mutex
	n    int
	done chan struct{} // closed when none is under way; nil unless someone waits
}

func (f *flight) add(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n += n
	if f.n == 0 && f.done != nil {
		close(f.done)
		f.done = nil
	}
}

// landed is closed when none is under way.
func (f *flight) landed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	done := make(chan struct{})
	if f.n == 0 {
		close(done)
		return done
	}
	if f.done == nil {
		f.done = done
	}
	return f.done
}
