package resilience

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// TimeoutConfig is the config of a [Timeout].
type TimeoutConfig struct {
	// Timeout is how long a task has. Required.
	Timeout time.Duration `json:"timeout" yaml:"timeout" env:"TIMEOUT"`
}

// Validate reports everything that is wrong with c.
func (c TimeoutConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.Timeout > 0, "Timeout", c.Timeout, "must be above 0")
	return faults.Err()
}

// Timeout gives a task less time than its caller has: its context ends after the timeout, with a
// [*TimeoutError] as cause. It never gives more: when the caller's deadline is sooner, the task runs
// under the caller's context as it is, and what ends it is the caller's.
//
// The task runs in the calling goroutine and returns soon after its context ends, as every core.Task
// does; a task that does not look at its context is not interrupted. What a task returned must not
// depend on its context, which ends when Do returns. All methods are safe for concurrent use.
type Timeout struct {
	after   time.Duration
	passed  *TimeoutError // the cause of the contexts it ends
	inst    instrument
	counts  [timedOut + 1]atomic.Int64
	metrics [timedOut + 1]telemetry.Point
}

// What became of a call, by index of Timeout.counts.
const (
	inTime uint8 = iota
	failing
	timedOut
)

// NewTimeout makes a timeout. The name is its telemetry's and its errors'. A wrong config is an
// error that names every field at fault. Close it when it is no longer needed.
func NewTimeout(name string, cfg TimeoutConfig, opts ...Option) (*Timeout, error) {
	if err := core.Configure(pkg, name, cfg.Validate()); err != nil {
		return nil, err
	}
	t := &Timeout{
		after:  cfg.Timeout,
		passed: &TimeoutError{Timeout: name, After: cfg.Timeout},
		inst:   newInstrument(name, flowconv.TimeoutNameKey, newOptions(opts)),
	}
	for i, outcome := range []string{flowconv.TimeoutOutcomeSuccess, flowconv.TimeoutOutcomeFailure, flowconv.TimeoutOutcomeTimedOut} {
		t.metrics[i] = t.inst.point(flowconv.TimeoutCalls, flowconv.TimeoutOutcomeKey.String(outcome))
	}
	t.inst.start(timeouts, (*timeoutReading)(t))
	return t, nil
}

// Name is the name the timeout was made with.
func (t *Timeout) Name() string { return t.inst.name }

// Do runs task. When task fails after the timeout has passed, the error is a [*TimeoutError] that
// matches context.DeadlineExceeded and the task's own; a task that succeeds late has succeeded. Any
// other error is the task's as it is.
func (t *Timeout) Do(ctx context.Context, task core.Task) error {
	outcome := failing // should task panic
	defer func() { t.counts[outcome].Add(1) }()
	run := ctx
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > t.after {
		var cancel context.CancelFunc
		run, cancel = context.WithTimeoutCause(ctx, t.after, t.passed)
		defer cancel()
	}
	err := task(run)
	switch {
	case err == nil:
		outcome = inTime
	case context.Cause(run) == t.passed: //nolint:errorlint // of all such causes it must be this one
		outcome = timedOut
		if !errors.Is(err, t.passed) {
			err = &TimeoutError{Timeout: t.inst.name, After: t.after, Err: err}
		}
	}
	return err
}

// TimeoutStats is what a [Timeout] has counted since it was made.
type TimeoutStats struct {
	Successes int64 // calls that succeeded
	Failures  int64 // calls that failed of themselves, panicked, or were ended by their caller
	TimedOut  int64 // calls that failed after the timeout had passed
}

// Stats reads the counters.
func (t *Timeout) Stats() TimeoutStats {
	return TimeoutStats{t.counts[inTime].Load(), t.counts[failing].Load(), t.counts[timedOut].Load()}
}

// timeoutReading is how a timeout is read at collection, kept off its method set.
type timeoutReading Timeout

func (t *timeoutReading) Observe(o *telemetry.Observer) {
	for i := range t.metrics {
		o.Observe(&t.metrics[i], t.counts[i].Load())
	}
}

// Close takes the timeout out of telemetry; its counts stay in its kind's totals. It goes on
// working, but is not counted there. It is idempotent.
func (t *Timeout) Close() { t.inst.stop() }

// String gives the name and the time.
func (t *Timeout) String() string { return fmt.Sprintf("timeout %q: %v", t.inst.name, t.after) }
