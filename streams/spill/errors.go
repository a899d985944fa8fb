package spill

import (
	"errors"
	"fmt"

	"github.com/goflow-go/goflow/core"
)

// pkg is the prefix of errors.
const pkg = "spill"

// ErrLocked is matched by errors about a directory that another queue, of this process or another,
// has open.
var ErrLocked = errors.New("locked")

// FullError says that there is no room for a record. It matches core.ErrRejected.
type FullError struct {
	Queue string // the queue's name
	Bytes int64  // the size of all segments
	Max   int64  // what it may be
	Need  int64  // what the record needs

	Free    int64 // what of the disk is free, when that is what there is too little of
	MinFree int64 // what must stay free; 0 when it is the segments that are full
}

// Error reads `spill: "uploads" is full: 1073741800 of 1073741824 bytes used, 288 needed`.
func (e *FullError) Error() string {
	if e.MinFree > 0 {
		return fmt.Sprintf("spill: %q is full: %d bytes of the disk free, %d must stay so, %d needed", e.Queue, e.Free, e.MinFree, e.Need)
	}
	return fmt.Sprintf("spill: %q is full: %d of %d bytes used, %d needed", e.Queue, e.Bytes, e.Max, e.Need)
}

// Is matches core.ErrRejected.
func (e *FullError) Is(target error) bool { return target == core.ErrRejected }

// ErrorType is queue_full.
func (e *FullError) ErrorType() string { return core.TypeQueueFull }

// DiskError says that the disk failed. It matches what the operating system said, syscall.ENOSPC for
// one. Of a push it means that the record was not accepted. It may come all the same: when it was the
// sync that failed, after the queue is opened anew; when what was written at once reached over the end
// of a segment, and only the second part failed.
type DiskError struct {
	Queue string // the queue's name
	Op    string // what was tried: "write", "sync", ...
	File  string // the file's name within the directory; empty for the directory itself
	Err   error
}

// Error reads `spill: "uploads": write 0000000000000001-5f3a9c01.seg: no space left on device`.
func (e *DiskError) Error() string {
	return fmt.Sprintf("spill: %q: %s %s: %v", e.Queue, e.Op, e.File, e.Err)
}

// Unwrap gives what the operating system said.
func (e *DiskError) Unwrap() error { return e.Err }

// ErrorType is unavailable.
func (e *DiskError) ErrorType() string { return core.TypeUnavailable }

// RecordError says that a record is too long. It matches core.ErrInvalid.
type RecordError struct {
	Queue string // the queue's name
	Bytes int    // the record's length
	Max   int    // how long one may be
}

// Error reads `spill: "uploads": record of 20000000 bytes, at most 16777216 may be pushed`.
func (e *RecordError) Error() string {
	return fmt.Sprintf("spill: %q: record of %d bytes, at most %d may be pushed", e.Queue, e.Bytes, e.Max)
}

// Is matches core.ErrInvalid.
func (e *RecordError) Is(target error) bool { return target == core.ErrInvalid }

// ErrorType is invalid.
func (e *RecordError) ErrorType() string { return core.TypeInvalid }

func (q *Queue) errClosed() error { return fmt.Errorf("spill: %q: %w", q.name, core.ErrClosed) }

func (q *Queue) errDisk(op, file string, err error) error {
	return &DiskError{Queue: q.name, Op: op, File: file, Err: err}
}

// errGaveUp is about a caller whose context ended.
func (q *Queue) errGaveUp(verb string, cause error) error {
	return fmt.Errorf("spill: %q: gave up waiting to %s: %w", q.name, verb, cause)
}
