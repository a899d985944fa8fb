package sched

import (
	"fmt"
	"strings"

	"github.com/goflow-go/goflow/core"
)

// FullError says that a pool took no task because its queue is full. It matches core.ErrRejected.
type FullError struct {
	Pool     string // the pool's name
	Capacity int    // how many tasks the queue has room for
	deadlock bool   // the caller is a task of this very pool
	cause    error  // why the caller did not wait longer for room, when it waited
}

// Error reads `sched: pool "images" rejected: its queue of 1024 is full`.
func (e *FullError) Error() string {
	text := fmt.Sprintf("sched: pool %q rejected: its queue of %d is full", e.Pool, e.Capacity)
	if e.deadlock {
		text += ", and a task of the pool that waits for room in it may wait for ever"
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Is matches core.ErrRejected.
func (e *FullError) Is(target error) bool { return target == core.ErrRejected }

// Unwrap gives the cause of the end of the context of a caller that waited for room.
func (e *FullError) Unwrap() error { return e.cause }

// ErrorType is queue_full, or for a caller that waited timeout or canceled.
func (e *FullError) ErrorType() string {
	if e.cause != nil {
		return core.ErrorType(e.cause)
	}
	return core.TypeQueueFull
}

// StoppedError says that a pool, a scheduler or a pipeline takes no more work because it was stopped.
// It matches core.ErrClosed, and is the cause of the contexts it ended.
type StoppedError struct {
	Kind string // "pool", "scheduler", "pipeline"
	Name string
}

// Error reads `sched: pool "images" is stopped`.
func (e *StoppedError) Error() string { return fmt.Sprintf("sched: %s %q is stopped", e.Kind, e.Name) }

// Is matches core.ErrClosed.
func (e *StoppedError) Is(target error) bool { return target == core.ErrClosed }

// ErrorType is closed.
func (e *StoppedError) ErrorType() string { return core.TypeClosed }

// UnfinishedError says what Stop left: the tasks that never began, which are the caller's again, and
// those that still run although their contexts have ended. It matches the cause of the end of Stop's
// context.
type UnfinishedError struct {
	Kind    string      // "pool", "scheduler", "pipeline"
	Name    string      // the instance's name
	Tasks   []core.Task // handed back; they were accepted and never began
	Running []string    // what still runs: names of jobs, or of the pool once for each task
	Cause   error       // why Stop did not wait longer
	told    int         // tasks that never began either, whose callers have learnt so themselves
}

// Error reads `sched: pool "images" stopped with 3 tasks handed back and 1 still running: context
// deadline exceeded`.
func (e *UnfinishedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sched: %s %q stopped with %d tasks handed back", e.Kind, e.Name, len(e.Tasks))
	if e.told > 0 {
		fmt.Fprintf(&b, ", %d whose callers know", e.told)
	}
	fmt.Fprintf(&b, " and %d still running", len(e.Running))
	if len(e.Running) > 0 && e.Kind == "scheduler" {
		fmt.Fprintf(&b, " (%s)", strings.Join(e.Running[:min(len(e.Running), maxNamed)], ", "))
	}
	return b.String() + ": " + e.Cause.Error()
}

// maxNamed is how many names an error shows.
const maxNamed = 8

// Unwrap gives the cause.
func (e *UnfinishedError) Unwrap() error { return e.Cause }

// ErrorType is timeout or canceled.
func (e *UnfinishedError) ErrorType() string { return core.ErrorType(e.Cause) }
