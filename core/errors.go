package core

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"
)

// The closed set of failure classes: what ErrorType() answers, and what metrics and spans carry as
// error.type.
const (
	TypeRateLimited = "rate_limited" // a limit said not now
	TypeQueueFull   = "queue_full"   // a bounded queue, buffer or set of waiters was full
	TypeBreakerOpen = "breaker_open" // a breaker is open
	TypeClosed      = "closed"       // the instance was closed or stopped
	TypeTimeout     = "timeout"      // a deadline passed, or could not be met
	TypeCanceled    = "canceled"     // the caller gave up
	TypePanic       = "panic"        // the user's function panicked or ended its goroutine
	TypeInvalid     = "invalid"      // a config or an argument is wrong
	TypeUnavailable = "unavailable"  // something the work depends on cannot be reached
	TypeOther       = "_OTHER"       // none of the above
)

var (
	// ErrRejected is matched by every error that says "not now": the task was not started. Use
	// [RetryAfter] to learn when to come back.
	ErrRejected = errors.New("rejected")

	// ErrClosed is matched by errors of instances that were closed or stopped.
	ErrClosed error = &classError{"closed", TypeClosed}

	// ErrInvalid is matched by errors about a wrong config or argument.
	ErrInvalid error = &classError{"invalid", TypeInvalid}

	// ErrAborted is what [Admitter.Done] is told when the task neither returned nor failed: it
	// panicked, or ended its goroutine.
	ErrAborted error = &classError{"core: task panicked or ended its goroutine", TypePanic}
)

// classError is a sentinel of one class.
type classError struct{ text, class string }

func (e *classError) Error() string     { return e.text }
func (e *classError) ErrorType() string { return e.class }

// ErrorType names the class of err: the answer of the first error in its chain that has a method
// ErrorType() string, [TypeTimeout] or [TypeCanceled] for those of package context, [TypeOther]
// for the rest, and "" for nil. The answer is always a member of the closed set of Type constants,
// so it is safe as a metric attribute.
func ErrorType(err error) string {
	if err == nil {
		return ""
	}
	var typed interface {
		error
		ErrorType() string
	}
	if errors.As(err, &typed) {
		if class := typed.ErrorType(); slices.Contains(ErrorTypes(), class) {
			return class
		}
		return TypeOther
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return TypeTimeout
	case errors.Is(err, context.Canceled):
		return TypeCanceled
	}
	return TypeOther
}

// ErrorTypes lists the closed set, [TypeOther] included.
func ErrorTypes() []string {
	return []string{
		TypeRateLimited, TypeQueueFull, TypeBreakerOpen, TypeClosed, TypeTimeout,
		TypeCanceled, TypePanic, TypeInvalid, TypeUnavailable, TypeOther,
	}
}

// RetryAfter reports how long to wait before trying again, when an error in err's chain knows it
// (it has a method RetryAfter() time.Duration).
func RetryAfter(err error) (after time.Duration, ok bool) {
	var timed interface {
		error
		RetryAfter() time.Duration
	}
	if errors.As(err, &timed) {
		return timed.RetryAfter(), true
	}
	return 0, false
}

// PanicError is a panic that was contained: what [Try] returns.
type PanicError struct {
	Value any    // what panic was called with; nil when the task ended its goroutine
	Stack []byte // the stack at the panic
}

// Error gives the value; the stack is in the field.
func (e *PanicError) Error() string {
	if e.Value == nil {
		return "core: task ended its goroutine"
	}
	return fmt.Sprintf("core: task panicked: %v", e.Value)
}

// ErrorType is [TypePanic].
func (e *PanicError) ErrorType() string { return TypePanic }

// Unwrap gives the value panic was called with, when it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Try runs task and turns a panic into a [*PanicError]. It cannot contain runtime.Goexit: who
// starts a goroutine for a task deals with that in a defer of its own.
func Try(ctx context.Context, task Task) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return task(ctx)
}
