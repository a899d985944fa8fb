package flowredis

import (
	"context"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// UnavailableError says that Redis could not be asked and the limiter is to fail closed, or that what
// was to be done can only be done there. It is of class core.TypeUnavailable.
type UnavailableError struct {
	Instance string        // the limiter's name
	After    time.Duration // when Redis may be asked again
	Err      error         // what Redis, or the client, said
}

// Error reads `flowredis: "api": redis unavailable: i/o timeout`.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("flowredis: %q: redis unavailable: %v", e.Instance, e.Err)
}

// Unwrap gives what Redis, or the client, said.
func (e *UnavailableError) Unwrap() error { return e.Err }

// ErrorType is unavailable.
func (e *UnavailableError) ErrorType() string { return core.TypeUnavailable }

// RetryAfter is when Redis may be asked again.
func (e *UnavailableError) RetryAfter() time.Duration { return e.After }

// CanceledError says that the caller's context ended before there was a decision. Permits may have
// been taken. It wraps the cause.
type CanceledError struct {
	Instance string // the limiter's name
	Err      error  // context.Cause of the caller's context
}

// Error reads `flowredis: "api": gave up: context canceled`.
func (e *CanceledError) Error() string {
	return fmt.Sprintf("flowredis: %q: gave up: %v", e.Instance, e.Err)
}

// Unwrap gives the cause.
func (e *CanceledError) Unwrap() error { return e.Err }

// ErrorType is timeout or canceled.
func (e *CanceledError) ErrorType() string {
	if class := core.ErrorType(e.Err); class == core.TypeTimeout {
		return class
	}
	return core.TypeCanceled
}

// waitRejectedError is a limit.RejectedError about waiting.
type waitRejectedError struct {
	*limit.RejectedError
	full bool // too many wait; otherwise the permits come too late
}

func (e *waitRejectedError) Error() string {
	if e.full {
		return e.RejectedError.Error() + ": too many wait already"
	}
	return e.RejectedError.Error() + ": would exceed the deadline"
}

func (e *waitRejectedError) Is(target error) bool {
	return e.RejectedError.Is(target) || !e.full && target == context.DeadlineExceeded
}

func (e *waitRejectedError) ErrorType() string {
	if e.full {
		return core.TypeQueueFull
	}
	return core.TypeTimeout
}

func (e *waitRejectedError) Unwrap() error { return e.RejectedError }
