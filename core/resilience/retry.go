package resilience

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Retry runs a task again when it fails. The task must be one that may run more than once.
//
// It waits between attempts, longer each time and spread by chance, and never in vain: when the next
// attempt would come after the caller's deadline, it returns at once. All its calls share a budget,
// so that an outage does not multiply the load. All methods are safe for concurrent use. A call whose
// first attempt succeeds allocates nothing, reads no clock and takes no lock. It starts no goroutine.
type Retry struct {
	cfg       RetryConfig
	retryable func(error) bool
	inst      instrument
	metrics   retryPoints

	budget  budget // good: calls that succeeded at once; bad: those that did not; extra: retries
	results [resultCancelled + 1]atomic.Int64
	failed  atomic.Int64 // attempts
}

// retryResult is what became of a call, success at the first attempt aside.
type retryResult uint8

const (
	resultRecovered retryResult = iota
	resultNotRetryable
	resultExhausted
	resultOverBudget
	resultOutOfTime
	resultCancelled
)

// NewRetry makes a retry. The name is its telemetry's and its errors'. A wrong config is an error
// that names every field at fault. Close it when it is no longer needed.
func NewRetry(name string, cfg RetryConfig, opts ...Option) (*Retry, error) {
	if err := core.Configure(pkg, name, cfg.Validate()); err != nil {
		return nil, err
	}
	o := newOptions(opts)
	r := &Retry{cfg: cfg.withDefaults(), retryable: o.retryable, inst: newInstrument(name, flowconv.RetryNameKey, o)}
	if r.retryable == nil {
		r.retryable = Retryable
	}
	r.metrics = r.inst.retryPoints()
	r.budget.init(r.cfg.Budget, r.cfg.MinPerSecond)
	r.inst.start(retries, (*retryReading)(r))
	return r, nil
}

// Name is the name the retry was made with.
func (r *Retry) Name() string { return r.inst.name }

// Do runs task until it succeeds or trying again makes no sense. It blocks while it waits, and
// returns soon after ctx ends. It gives up with a [*RetryError], which matches the last attempt's
// error; the error of a first attempt that is not one to retry is returned as it is. A panic goes on.
//
// An error that knows when to come back (core.RetryAfter) is waited for that long and the delay, so
// that callers told the same time come back spread.
func (r *Retry) Do(ctx context.Context, task core.Task) error {
	var start int64
	if r.cfg.MaxElapsed > 0 {
		start = clock.Now()
	}
	err := r.attempt(ctx, task, 1)
	if err == nil {
		return nil
	}
	return r.again(ctx, task, start, err)
}

// again goes on after the first attempt.
func (r *Retry) again(ctx context.Context, task core.Task, start int64, err error) error {
	var wait time.Duration
	for n := 1; ; n++ {
		var end *stop
		if wait, end = r.plan(ctx, err, n, start, wait); end == nil {
			end = pause(ctx, wait)
		}
		if end != nil {
			return r.giveUp(err, n, end)
		}
		if err = r.attempt(ctx, task, n+1); err == nil {
			r.results[resultRecovered].Add(1)
			return nil
		}
	}
}

// attempt runs task for the nth time.
func (r *Retry) attempt(ctx context.Context, task core.Task, n int) (err error) {
	var span telemetry.Span
	if r.inst.scope.Traced(ctx) {
		ctx, span = r.inst.span(ctx, spanAttempt, flowconv.RetryAttemptKey, n)
	}
	err = core.ErrAborted
	returned := false
	defer func() {
		span.End(err)
		r.attempted(n, err, returned)
	}()
	err = task(ctx)
	returned = true
	return err
}

// attempted counts an attempt. One that did not return ends the call.
func (r *Retry) attempted(n int, err error, returned bool) {
	if err == nil {
		if n == 1 {
			r.budget.well()
		}
		return
	}
	r.failed.Add(1)
	if n == 1 {
		r.budget.ill()
	}
	if !returned {
		r.results[resultNotRetryable].Add(1)
	}
}

// stop is why a call is not tried again.
type stop struct {
	result retryResult
	why    string // after "gave up after 3 attempts"
	cause  error  // what the error matches besides
}

// plan says how long to wait after the nth attempt has failed with err, or why not to.
func (r *Retry) plan(ctx context.Context, err error, n int, start int64, last time.Duration) (time.Duration, *stop) {
	if ctx.Err() != nil {
		return 0, &stop{resultCancelled, "", context.Cause(ctx)}
	}
	if _, permanent := errors.AsType[*permanentError](err); permanent || !r.retryable(err) {
		return 0, &stop{result: resultNotRetryable}
	}
	if n >= r.cfg.MaxAttempts {
		return 0, &stop{result: resultExhausted}
	}
	after, _ := core.RetryAfter(err)
	if after > r.cfg.MaxDelay {
		return 0, &stop{result: resultOutOfTime, why: fmt.Sprintf(" (told to wait %v, MaxDelay is %v)", after, r.cfg.MaxDelay)}
	}
	wait := max(after, 0) + r.cfg.delay(n, last)
	if limit := r.cfg.MaxElapsed; limit > 0 && time.Duration(clock.Now()-start)+wait > limit {
		return 0, &stop{result: resultOutOfTime, why: fmt.Sprintf(" (the next, in %v, would pass MaxElapsed, %v)", wait, limit)}
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		why := fmt.Sprintf(" (the next, in %v, would pass the deadline)", wait)
		return 0, &stop{resultOutOfTime, why, context.DeadlineExceeded}
	}
	if !r.budget.take() {
		return 0, &stop{result: resultOverBudget, why: " (the budget for retries is spent)"}
	}
	return wait, nil
}

// pause waits between attempts.
func pause(ctx context.Context, d time.Duration) *stop {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &stop{resultCancelled, " (the caller ended the wait)", context.Cause(ctx)}
	}
}

// giveUp ends a call after n attempts. The error of the first needs no words when the caller knows
// all there is to know.
func (r *Retry) giveUp(err error, n int, end *stop) error {
	r.results[end.result].Add(1)
	if n == 1 && end.why == "" && end.result != resultExhausted {
		return err
	}
	return &RetryError{Retry: r.inst.name, Attempts: n, Err: err, why: end.why, cause: end.cause}
}

// Close takes the retry out of telemetry; its counts stay in its kind's totals. It goes on working,
// but is not counted there. It is idempotent.
func (r *Retry) Close() {
	r.budget.close()
	r.inst.stop()
}

// String gives the name and how often a task is run.
func (r *Retry) String() string {
	return fmt.Sprintf("retry %q: %d attempts", r.inst.name, r.cfg.MaxAttempts)
}
