package sched

import (
	"context"
	"errors"
	"fmt"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// Spec is a job that is to be scheduled.
type Spec struct {
	Name    string
	Trigger Trigger
	Task    core.Task
	Options []JobOption
}

// ErrDuplicate is matched by errors about a name that a job has already. It also matches
// core.ErrInvalid.
var ErrDuplicate = errors.New("is scheduled already")

// Schedule adds a job: task runs whenever trigger is due, until the trigger ends or the job is cancelled.
// The name is the job's telemetry's and its errors'; two jobs at once cannot have the same. It does not
// block.
//
// Each run is a root span of its own, linked to the span of ctx, and runs under a context with ctx's span
// context, baggage and the values named by [WithValues], but not its end (see telemetry.Detach). Of that
// context, core.OccurrenceOf says when the run was due.
func (s *Scheduler) Schedule(ctx context.Context, name string, trigger Trigger, task core.Task, opts ...JobOption) (*Job, error) {
	j, err := s.newJob(ctx, Spec{name, trigger, task, opts})
	if err != nil {
		return nil, err
	}
	if err := s.add(j); err != nil {
		return nil, err
	}
	return j, nil
}

// ScheduleBatch adds jobs: all of them, or none when one is wrong.
func (s *Scheduler) ScheduleBatch(ctx context.Context, specs []Spec) ([]*Job, error) {
	jobs := make([]*Job, len(specs))
	var faults []error
	for i, spec := range specs {
		j, err := s.newJob(ctx, spec)
		jobs[i], faults = j, append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if err := s.add(jobs...); err != nil {
		return nil, err
	}
	return jobs, nil
}

// newJob makes a job that is not scheduled yet.
func (s *Scheduler) newJob(ctx context.Context, spec Spec) (*Job, error) {
	opts, invalid := newJobOptions(spec.Options)
	if err := checkTrigger(spec.Trigger); err != nil || spec.Task == nil {
		invalid = errors.Join(err, requireTask(spec.Task), invalid)
	}
	if err := core.Configure(pkg, spec.Name, invalid); err != nil {
		return nil, err
	}
	j := &Job{scheduler: s, name: spec.Name, trigger: spec.Trigger, task: spec.Task}
	values := telemetry.Detach(ctx, s.values...)
	if opts != nil || values != context.Background() {
		j.extra = &jobExtra{opts: opts, values: values}
		if opts != nil {
			j.extra.left = opts.limit
		}
	}
	next, ok := spec.Trigger.Next(s.wall.time())
	if !ok {
		var never core.Faults
		never.Require(false, "trigger", fmt.Sprintf("%T", spec.Trigger), "must be due at least once from now on")
		return nil, core.Configure(pkg, spec.Name, never.Err())
	}
	j.next = unixNano(next)
	return j, nil
}

func requireTask(task core.Task) error {
	var faults core.Faults
	faults.Require(task != nil, "task", "nil", "must not be nil")
	return faults.Err()
}

// add puts jobs in, and lets them wait for their time.
func (s *Scheduler) add(jobs ...*Job) error {
	if err := s.register(jobs); err != nil {
		return err
	}
	for _, j := range jobs {
		j.mu.Lock()
		j.arm()
		j.mu.Unlock()
	}
	return nil
}

// register enters jobs under their names: all or none.
func (s *Scheduler) register(jobs []*Job) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.jobs)+len(jobs) > s.cfg.MaxJobs {
		return &TooManyError{Scheduler: s.name, What: "jobs", Limit: s.cfg.MaxJobs}
	}
	for i, j := range jobs {
		if _, taken := s.jobs[j.name]; taken {
			for _, entered := range jobs[:i] {
				delete(s.jobs, entered.name)
			}
			return &duplicateError{s.name, j.name}
		}
		s.jobs[j.name] = j
	}
	for _, j := range jobs {
		if _, once := j.trigger.(interface{ once() }); !once {
			s.meter(j.name) // so that it is reported from now on
		}
	}
	return nil
}

// remove takes out a job that will not run again.
func (s *Scheduler) remove(j *Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.jobs[j.name] == j {
		delete(s.jobs, j.name)
	}
}

// TooManyError says that a scheduler holds as much as it may. It matches core.ErrRejected.
type TooManyError struct {
	Scheduler string
	What      string // "jobs" or "timers"
	Limit     int
}

// Error reads `sched: scheduler "maintenance" rejected: it holds 100000 jobs, as many as it may`.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("sched: scheduler %q rejected: it holds %d %s, as many as it may", e.Scheduler, e.Limit, e.What)
}

// Is matches core.ErrRejected.
func (e *TooManyError) Is(target error) bool { return target == core.ErrRejected }

// ErrorType is queue_full.
func (e *TooManyError) ErrorType() string { return core.TypeQueueFull }

type duplicateError struct{ scheduler, job string }

func (e *duplicateError) Error() string {
	return fmt.Sprintf("sched: job %q %v by scheduler %q", e.job, ErrDuplicate, e.scheduler)
}

func (e *duplicateError) Is(target error) bool {
	return target == ErrDuplicate || target == core.ErrInvalid
}

func (e *duplicateError) ErrorType() string { return core.TypeInvalid }
