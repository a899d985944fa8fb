package resilience

import (
	"context"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
)

// pkg is the prefix of errors.
const pkg = "resilience"

// OpenError says that a breaker let a call not through. It matches core.ErrRejected. One is made for
// each stay in a state, so rejecting allocates nothing.
type OpenError struct {
	Breaker string // the breaker's name
	State   State  // Open or HalfOpen

	until  int64         // when a probe may come, on internal/clock; 0: not known
	forced time.Duration // an operator opened it; when to come back is a guess
}

// Error reads `resilience: breaker "payments" is open, retry in 4.8s`.
func (e *OpenError) Error() string {
	switch {
	case e.State == HalfOpen:
		return fmt.Sprintf("resilience: breaker %q is half-open, and its probes are running", e.Breaker)
	case e.forced > 0:
		return fmt.Sprintf("resilience: breaker %q was forced open", e.Breaker)
	}
	return fmt.Sprintf("resilience: breaker %q is open, retry in %v", e.Breaker, e.RetryAfter())
}

// Is matches core.ErrRejected.
func (e *OpenError) Is(target error) bool { return target == core.ErrRejected }

// ErrorType is breaker_open.
func (e *OpenError) ErrorType() string { return core.TypeBreakerOpen }

// RetryAfter is how long from now until a probe may come. It is zero while probes are running: any
// moment may end them. Of a breaker that was forced open it is the time it would stay open by
// itself.
func (e *OpenError) RetryAfter() time.Duration {
	if e.until == 0 {
		return e.forced
	}
	return max(time.Duration(e.until-clock.Now()), 0)
}

// RetryError says that a [Retry] gave up. It matches what the last attempt's error matches, and
// what ended the wait: context.DeadlineExceeded when the next attempt would have come after the
// caller's deadline, or context.Cause when the caller's context ended.
type RetryError struct {
	Retry    string // the retry's name
	Attempts int    // how many were made
	Err      error  // the last attempt's

	why   string
	cause error
}

// Error reads `resilience: retry "payments" gave up after 3 attempts: connection refused`.
func (e *RetryError) Error() string {
	attempts := "attempts"
	if e.Attempts == 1 {
		attempts = "attempt"
	}
	return fmt.Sprintf("resilience: retry %q gave up after %d %s%s: %v", e.Retry, e.Attempts, attempts, e.why, e.Err)
}

// Unwrap gives the last attempt's error, and what ended the wait if something did.
func (e *RetryError) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.cause}
}

// Permanent marks err as one that no [Retry] retries. It reads and matches as err does; nil stays nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// TimeoutError says that a [Timeout] passed: the cause of the task's context, and what Do returns. It
// matches context.DeadlineExceeded, and what the task's error matches.
type TimeoutError struct {
	Timeout string        // the timeout's name
	After   time.Duration // how long the task had
	Err     error         // what the task returned; nil in the cause of its context
}

// Error reads `resilience: timeout "payments" passed after 2s`.
func (e *TimeoutError) Error() string {
	text := fmt.Sprintf("resilience: timeout %q passed after %v", e.Timeout, e.After)
	if e.Err == nil || e.Err == context.DeadlineExceeded { //nolint:errorlint // the bare one says nothing more
		return text
	}
	return fmt.Sprintf("%s: %v", text, e.Err)
}

// Is matches context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Unwrap gives what the task returned.
func (e *TimeoutError) Unwrap() error { return e.Err }

// ErrorType is timeout.
func (e *TimeoutError) ErrorType() string { return core.TypeTimeout }
