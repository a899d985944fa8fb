package sched

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/wheel"
	"github.com/goflow-go/goflow/telemetry"
)

// Job is a task that a [Scheduler] runs when a trigger is due. [Scheduler.Schedule] makes it. All methods
// are safe for concurrent use, also from the job's own task.
type Job struct {
	scheduler *Scheduler
	name      string

	mu      sync.Mutex // held for what is below; never while the user's code runs, but the trigger's Next
	trigger Trigger
	task    core.Task
	handle  wheel.Handle[timed]
	next    int64     // when it is due next, of the wall clock in nanoseconds; never when MaxInt64
	extra   *jobExtra // nil while there is nothing in it
	running int32
	state   jobState
}

// jobExtra is what jobs that wait to run for the first time mostly have not.
type jobExtra struct {
	opts      *jobOptions     // nil for none; never changed
	values    context.Context //nolint:containedctx // what every run's context holds; it never ends
	ended     context.Context //nolint:containedctx // ends when runs are to; made with the first
	interrupt context.CancelCauseFunc
	meter     *meter
	left      int     // runs until the job's limit; 0 without one
	backlog   []int64 // times of runs that wait for one that runs
	history   history
	counts    [outcomeCount]int64
	idle      chan struct{} // closed when nothing runs; nil unless someone waits for that
}

type jobState uint8

const (
	waiting   jobState = 1 << iota // the wheel holds it
	paused                         // it is not due until Resume
	cancelled                      // it will not run again
	exhausted                      // its trigger has ended, or its limit is reached
)

// Name is the name the job was scheduled under.
func (j *Job) Name() string { return j.name }

// more gives the extra part; the caller holds the lock.
func (j *Job) more() *jobExtra {
	if j.extra == nil {
		j.extra = &jobExtra{values: context.Background()}
	}
	return j.extra
}

func (j *Job) options() *jobOptions {
	if j.extra == nil {
		return nil
	}
	return j.extra.opts
}

// plan notes when the job is due next; the caller holds the lock and arms it.
func (j *Job) plan(next time.Time, ok bool) {
	if !ok {
		j.state |= exhausted
		return
	}
	j.next = unixNano(next)
}

// arm lets the wheel hold the job until it is due, if it ever is; the caller holds the lock.
func (j *Job) arm() {
	s := j.scheduler
	if j.state&waiting != 0 {
		j.handle.Stop()
	}
	wait := j.state&(paused|cancelled|exhausted) == 0
	if wait {
		j.handle = s.wheel.At(s.wall.mono(j.next), j)
	}
	switch was := j.state&waiting != 0; {
	case wait && !was:
		j.state |= waiting
		s.armed.Add(1)
		s.ensureWatch()
	case !wait && was:
		j.state &^= waiting
		s.armed.Add(-1)
	}
}

// over reports whether the job neither runs nor will; the caller holds the lock.
func (j *Job) over() bool {
	return j.state&(cancelled|exhausted) != 0 && j.running == 0 && (j.extra == nil || len(j.extra.backlog) == 0)
}

// Next gives the times at which the job is due next, at most n, as things are now. None when it is
// paused, cancelled, or its trigger has ended.
func (j *Job) Next(n int) []time.Time {
	j.mu.Lock()
	trigger, next, wait := j.trigger, j.next, j.state&waiting != 0
	if j.extra != nil && j.extra.left > 0 {
		n = min(n, j.extra.left)
	}
	j.mu.Unlock()
	var times []time.Time
	t, ok := time.Unix(0, next), wait && next != math.MaxInt64
	for ok && len(times) < n {
		times = append(times, t)
		t, ok = trigger.Next(t)
	}
	return times
}

// Pause keeps the job from being due until [Job.Resume]. What runs goes on.
func (j *Job) Pause() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state |= paused
	j.arm()
}

// Resume ends [Job.Pause]. What the job would have run meanwhile is not made up for, but for the one run
// of a job that was to run once.
func (j *Job) Resume() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.state&paused == 0 {
		return
	}
	j.state &^= paused
	if now := j.scheduler.wall.time(); j.next <= now.UnixNano() {
		if next, ok := j.ask(now); ok {
			j.plan(next, ok)
		}
	}
	j.arm()
}

// Paused reports whether the job is paused.
func (j *Job) Paused() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state&paused != 0
}

// RunNow runs the job at once, whenever it is due, and does not wait for the run. The run is linked to
// the span of ctx. When the job still runs, its overlap rule decides; what is left out is an error that
// matches core.ErrRejected. For a job that is cancelled or has ended, and while the scheduler is stopped, it
// is one that matches core.ErrClosed.
func (j *Job) RunNow(ctx context.Context) error {
	s := j.scheduler
	j.mu.Lock()
	if j.state&cancelled != 0 || j.over() {
		j.mu.Unlock()
		return &jobError{j.name, "is cancelled or has ended", core.ErrClosed, core.TypeClosed}
	}
	if !s.running() {
		j.mu.Unlock()
		return &StoppedError{Kind: "scheduler", Name: s.name}
	}
	if !j.free() {
		queued := j.defers(s.wall.now())
		j.mu.Unlock()
		if queued {
			return nil
		}
		return &jobError{j.name, "still runs", core.ErrRejected, core.TypeRateLimited}
	}
	r := j.begin(s.wall.now())
	if link, ok := telemetry.Link(ctx); ok {
		r.asked = &link
	}
	j.mu.Unlock()
	s.hand([]work{r})
	return nil
}

// Update changes when the job is due, what it does, or both; nil leaves either as it is. A run under way
// goes on as it began. A cancelled job stays so.
func (j *Job) Update(trigger Trigger, task core.Task) error {
	if trigger != nil {
		if err := core.Configure(pkg, j.name, checkTrigger(trigger)); err != nil {
			return err
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if task != nil {
		j.task = task
	}
	if trigger != nil {
		j.trigger = trigger
		j.state &^= exhausted
		j.plan(j.ask(j.scheduler.wall.time()))
		j.arm()
	}
	return nil
}

// Cancel keeps the job from running again, and gives its name free once nothing of it runs. What runs
// goes on; see [Job.Drain]. It is false when the job was cancelled before or has ended.
func (j *Job) Cancel() bool {
	j.mu.Lock()
	was := j.state&cancelled != 0 || j.over()
	j.state |= cancelled
	if j.extra != nil {
		j.extra.backlog = nil
	}
	j.arm()
	over := j.over()
	j.mu.Unlock()
	if over {
		j.scheduler.remove(j)
	}
	return !was
}

// Drain cancels the job and waits until nothing of it runs. When nine tenths of the time ctx has left are
// over it ends the contexts of the runs, and when ctx ends it returns an [*UnfinishedError].
func (j *Job) Drain(ctx context.Context) error {
	j.Cancel()
	idle := j.idle()
	if mostlyWait(ctx, idle) {
		return nil
	}
	j.interrupt(&StoppedError{Kind: "job", Name: j.name})
	if wait(ctx, idle) {
		return nil
	}
	return &UnfinishedError{
		Kind: "job", Name: j.name, Running: slices.Repeat([]string{j.name}, j.Stats().Active), Cause: context.Cause(ctx),
	}
}

// idle is closed when nothing runs.
func (j *Job) idle() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	x := j.more()
	if x.idle == nil {
		x.idle = make(chan struct{})
	}
	if j.running == 0 {
		idle := x.idle
		close(idle)
		x.idle = nil
		return idle
	}
	return x.idle
}

// interrupt ends the contexts of the runs under way.
func (j *Job) interrupt(cause error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if x := j.extra; x != nil && x.interrupt != nil {
		x.interrupt(cause)
		x.ended, x.interrupt = nil, nil
	}
}

// String gives the name and when the job is due next.
func (j *Job) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.state&cancelled != 0:
		return fmt.Sprintf("job %q: cancelled", j.name)
	case j.state&paused != 0:
		return fmt.Sprintf("job %q: paused", j.name)
	case j.state&exhausted != 0:
		return fmt.Sprintf("job %q: ended", j.name)
	}
	return fmt.Sprintf("job %q: due %s", j.name, time.Unix(0, j.next).Format(time.RFC3339))
}

// jobError says what kept a job from running.
type jobError struct {
	job, why string
	is       error
	class    string
}

func (e *jobError) Error() string        { return fmt.Sprintf("sched: job %q %s", e.job, e.why) }
func (e *jobError) Is(target error) bool { return target == e.is }
func (e *jobError) ErrorType() string    { return e.class }
