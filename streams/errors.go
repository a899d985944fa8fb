package streams

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"

	"github.com/goflow-go/goflow/core"
)

// StageError is what ended a run: the error of one step, with the step's name. A panic in the step's
// function is a [*core.PanicError] in it.
type StageError struct {
	Stream string // the stream's name; empty when it has none
	Stage  string // the step's name: see [Stream.Stage]
	Err    error  // what the step's function returned
}

// Error reads `streams: "orders": stage "enrich": no such customer`.
func (e *StageError) Error() string {
	return fmt.Sprintf("%sstage %q: %v", subject(e.Stream), e.Stage, e.Err)
}

// Unwrap gives the step's own error.
func (e *StageError) Unwrap() error { return e.Err }

// ErrorType is that of the step's own error.
func (e *StageError) ErrorType() string { return core.ErrorType(e.Err) }

// subject is how an error of a stream begins.
func subject(stream string) string {
	if stream == "" {
		return "streams: "
	}
	return "streams: " + strconv.Quote(stream) + ": "
}

// FullError says that a bounded step could not take another item: a buffer that fails when it is
// full, or one that must hold all items, such as [Stream.Sorted]. It comes inside a [*StageError] and
// matches core.ErrRejected.
type FullError struct {
	Capacity int // how many items there was room for
}

// Error reads `full: 100 items`.
func (e *FullError) Error() string { return fmt.Sprintf("full: %d items", e.Capacity) }

// Is matches core.ErrRejected.
func (e *FullError) Is(target error) bool { return target == core.ErrRejected }

// ErrorType is queue_full.
func (e *FullError) ErrorType() string { return core.TypeQueueFull }

// IndexError says that a function named a sink that is not there; see [Partition]. It matches
// core.ErrInvalid.
type IndexError struct {
	Index int // what the function returned
	Sinks int // how many there are
}

// Error reads `no sink 5 of 3`.
func (e *IndexError) Error() string { return fmt.Sprintf("no sink %d of %d", e.Index, e.Sinks) }

// Is matches core.ErrInvalid.
func (e *IndexError) Is(target error) bool { return target == core.ErrInvalid }

// ErrorType is invalid.
func (e *IndexError) ErrorType() string { return core.TypeInvalid }

// errStop ends a run early without a failure. The step that returned it takes it back.
var errStop = errors.New("streams: stop")

// halt ends the context of the steps above. That those below have stopped is no cause to tell.
func halt(cancel context.CancelCauseFunc, err error) {
	if errors.Is(err, errStop) {
		err = nil
	}
	cancel(err)
}

// caught is deferred: it turns a panic into an error.
func caught(err *error) {
	if v := recover(); v != nil {
		*err = &core.PanicError{Value: v, Stack: debug.Stack()}
	}
}

// ended is why ctx is over; nil while it is not.
func ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}
