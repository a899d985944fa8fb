package sched

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goflow-go/goflow/core"
)

// JobOption says how a job runs. The [TaskOption]s are job options too.
type JobOption interface{ applyJob(*jobOptions) }

type jobOptionFunc func(*jobOptions)

func (f jobOptionFunc) applyJob(o *jobOptions) { f(o) }

// jobOptions is never changed once a job has it.
type jobOptions struct {
	policy   core.Policy // nil for none
	policies []core.Policy
	overlap  Overlap
	misfire  Misfire
	limit    int // runs; 0 means no end
	limited  bool
	task     TaskOption
}

// WithPolicies runs each run of the job under policies, the first outermost: a retry, a limit, a lease,
// [When]. A run that a policy refuses (its error is core.ErrRejected) is skipped, and no failure.
func WithPolicies(policies ...core.Policy) JobOption {
	return jobOptionFunc(func(o *jobOptions) { o.policies = append(o.policies, policies...) })
}

// WithOverlap says what happens when the job is due while it still runs. Defaults to [Skip].
func WithOverlap(rule Overlap) JobOption {
	return jobOptionFunc(func(o *jobOptions) { o.overlap = rule })
}

// WithMisfire says what happens to runs whose time has passed. Defaults to [RunOnce].
func WithMisfire(rule Misfire) JobOption {
	return jobOptionFunc(func(o *jobOptions) { o.misfire = rule })
}

// WithLimit ends the job after so many runs. Runs that are skipped or missed do not count.
func WithLimit(runs int) JobOption {
	return jobOptionFunc(func(o *jobOptions) { o.limit, o.limited = runs, true })
}

// applyJob makes a task option one of a job.
func (o TaskOption) applyJob(j *jobOptions) { j.task = taskOptions([]TaskOption{j.task, o}) }

// Overlap is what happens when a job is due while it still runs: [Skip], [QueueOne] or [Concurrent].
type Overlap int

const (
	// Skip leaves the run out.
	Skip Overlap = 0
	// QueueOne starts the run when the one before has ended; while one waits, further ones are left out.
	QueueOne Overlap = -1
)

// Concurrent lets up to n runs be under way at the same time, from 1 to 10,000, and leaves out the rest.
func Concurrent(n int) Overlap {
	if n < 1 || n > int(maxConcurrent) {
		return badOverlap
	}
	return Overlap(n)
}

const (
	badOverlap    Overlap = -2
	maxConcurrent Overlap = 10_000
)

// most is how many runs may be under way.
func (o Overlap) most() int32 { return int32(max(1, o)) }

// String gives the name.
func (o Overlap) String() string {
	switch {
	case o == Skip:
		return "skip"
	case o == QueueOne:
		return "queue one"
	case o > 0:
		return fmt.Sprintf("concurrent %d", int(o))
	}
	return fmt.Sprintf("Overlap(%d)", int(o))
}

// Misfire is what happens to runs that are later than the scheduler's MisfireAfter, or that a later one
// is due after: the process was busy or suspended, the scheduler stopped, the clock set forward. It is
// [RunOnce], [SkipMissed] or [RunAll]. What is given up is counted as missed, and told in one event.
type Misfire int

const (
	// RunOnce starts the last of them.
	RunOnce Misfire = 0
	// SkipMissed starts none that is later than MisfireAfter, and otherwise the last.
	SkipMissed Misfire = -1
)

// RunAll starts the last n of them, from 1 to 1000, one after the other.
func RunAll(n int) Misfire {
	if n < 1 || n > int(maxMissed) {
		return badMisfire
	}
	return Misfire(n)
}

const (
	badMisfire Misfire = -2
	maxMissed  Misfire = 1000 // and how many missed runs are counted
)

// String gives the name.
func (m Misfire) String() string {
	switch {
	case m == RunOnce:
		return "run once"
	case m == SkipMissed:
		return "skip"
	case m > 0:
		return fmt.Sprintf("run all, up to %d", int(m))
	}
	return fmt.Sprintf("Misfire(%d)", int(m))
}

// newJobOptions gives nil when there are none, which is what most jobs have.
func newJobOptions(opts []JobOption) (*jobOptions, error) {
	if len(opts) == 0 {
		return nil, nil
	}
	o := new(jobOptions)
	for _, opt := range opts {
		if opt != nil {
			opt.applyJob(o)
		}
	}
	if p := slices.DeleteFunc(slices.Clone(o.policies), func(p core.Policy) bool { return p == nil }); len(p) > 0 {
		o.policy = core.Compose(p...)
	}
	var faults core.Faults
	faults.Require(o.overlap >= QueueOne && o.overlap <= maxConcurrent, "WithOverlap", o.overlap, "must be Skip, QueueOne or Concurrent(1 to 10000)")
	faults.Require(o.misfire >= SkipMissed && o.misfire <= maxMissed, "WithMisfire", o.misfire, "must be RunOnce, SkipMissed or RunAll(1 to 1000)")
	faults.Require(!o.limited || o.limit > 0, "WithLimit", o.limit, "must be above 0")
	return o, errors.Join(faults.Err(), o.task.faults())
}

// The zero options, of jobs that have none.
func (o *jobOptions) overlapRule() Overlap {
	if o == nil {
		return Skip
	}
	return o.overlap
}

func (o *jobOptions) misfireRule() Misfire {
	if o == nil {
		return RunOnce
	}
	return o.misfire
}

// timeoutOr is how long a run may take.
func (o *jobOptions) timeoutOr(d time.Duration) time.Duration {
	if o == nil || o.task.set&setTimeout == 0 {
		return d
	}
	return o.task.timeout
}
