package sched

import (
	"context"
	"time"
)

// What stops waits for most of the time it has, then ends contexts, and then waits for the rest.

// mostlyWait waits for done until ctx ends or nine tenths of the time it has left are over. It reports
// whether done was closed, if only just then.
func mostlyWait(ctx context.Context, done <-chan struct{}) bool {
	if deadline, ok := ctx.Deadline(); ok {
		soft, cancel := context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/10))
		defer cancel()
		ctx = soft
	}
	return wait(ctx, done)
}

// wait waits for done until ctx ends. It reports whether done was closed, if only just then.
func wait(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}
