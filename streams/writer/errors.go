package writer

import (
	"fmt"
	"strings"

	"github.com/goflow-go/goflow/core"
)

// pkg is the prefix of errors.
const pkg = "writer"

// LostError says exactly what a writer accepted and did not write: what Flush and Close return. It matches what
// Err matches.
type LostError struct {
	Writer  string
	Lost    Amount // dropped or lost: of Flush, since the Flush before; of Stop and Close, ever
	Pending Amount // still held, and tried again; of Flush only
	Kept    Amount // in the queue given with WithQueue; of Stop and Close only
	Err     error  // the sink's, or why it was not waited for; nil when writes were only dropped
}

// Error reads `writer: "access-log": 3 writes (300 bytes) lost: disk full`.
func (e *LostError) Error() string {
	var parts []string
	for _, part := range []struct {
		Amount
		what string
	}{{e.Lost, "lost"}, {e.Pending, "not written yet"}, {e.Kept, "left in the queue"}} {
		if part.Amount != (Amount{}) {
			parts = append(parts, fmt.Sprintf("%v %s", part.Amount, part.what))
		}
	}
	text := fmt.Sprintf("writer: %q: %s", e.Writer, strings.Join(parts, ", "))
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives why.
func (e *LostError) Unwrap() error { return e.Err }

// ErrorType is that of Err, or queue_full when writes were only dropped.
func (e *LostError) ErrorType() string {
	if e.Err == nil {
		return core.TypeQueueFull
	}
	return core.ErrorType(e.Err)
}

// FullError says that a writer did not accept a write because all its buffers are full. It matches
// core.ErrRejected.
type FullError struct {
	Writer   string
	Capacity int   // bytes the buffers have room for
	Err      error // the sink's, which fails; nil when it is only slow
}

// Error reads `writer: "access-log" rejected: its buffers of 1048576 bytes are full`.
func (e *FullError) Error() string {
	text := fmt.Sprintf("writer: %q rejected: its buffers of %d bytes are full", e.Writer, e.Capacity)
	if e.Err != nil {
		text += ", and its sink fails: " + e.Err.Error()
	}
	return text
}

// Is matches core.ErrRejected.
func (e *FullError) Is(target error) bool { return target == core.ErrRejected }

// Unwrap gives the sink's error.
func (e *FullError) Unwrap() error { return e.Err }

// ErrorType is queue_full.
func (e *FullError) ErrorType() string { return core.TypeQueueFull }

// ClosedError says that a writer takes no more writes. It matches core.ErrClosed.
type ClosedError struct{ Writer string }

// Error reads `writer: "access-log" is closed`.
func (e *ClosedError) Error() string { return fmt.Sprintf("writer: %q is closed", e.Writer) }

// Is matches core.ErrClosed.
func (e *ClosedError) Is(target error) bool { return target == core.ErrClosed }

// ErrorType is closed.
func (e *ClosedError) ErrorType() string { return core.TypeClosed }

// TooLargeError says that a single write is larger than MaxWrite. It matches core.ErrInvalid.
type TooLargeError struct {
	Writer string
	Bytes  int // of the write
	Max    int // MaxWrite
}

// Error reads `writer: "access-log": a write of 2097152 bytes is larger than MaxWrite, 1048576`.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("writer: %q: a write of %d bytes is larger than MaxWrite, %d", e.Writer, e.Bytes, e.Max)
}

// Is matches core.ErrInvalid.
func (e *TooLargeError) Is(target error) bool { return target == core.ErrInvalid }

// ErrorType is invalid.
func (e *TooLargeError) ErrorType() string { return core.TypeInvalid }

// CountError says that a sink broke the contract of io.Writer: the count it returned cannot be.
type CountError struct {
	Count int // what it returned
	Bytes int // what it was given
}

// Error reads `the sink says it wrote 101 of 100 bytes`.
func (e *CountError) Error() string {
	return fmt.Sprintf("the sink says it wrote %d of %d bytes", e.Count, e.Bytes)
}

// ErrorType is _OTHER.
func (e *CountError) ErrorType() string { return core.TypeOther }
