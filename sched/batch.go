package sched

import (
	"context"
	"errors"
	"sync"

	"github.com/goflow-go/goflow/core"
)

// Batch makes one task of many. It runs at most parallel of them at the same time, all at once when
// parallel is 0 or less, each in a goroutine of its own, and is done when they are. Its error joins
// theirs, in the order of tasks; one that panics or ends its goroutine has failed with a
// *core.PanicError, and the others go on.
//
// When its context ends it starts no more, waits for those that run, and joins the context's cause to
// their errors if any was not started. It has no state between runs, so it may run several times at
// once. To have the number of runs and the time they take measured, run the tasks on a [Pool].
func Batch(parallel int, tasks ...core.Task) core.Task {
	if parallel <= 0 || parallel > len(tasks) {
		parallel = len(tasks)
	}
	return func(ctx context.Context) error {
		b := batch{room: make(chan struct{}, parallel), errs: make([]error, len(tasks)+1)}
		for i, task := range tasks {
			if !b.enter(ctx) {
				b.errs[len(tasks)] = context.Cause(ctx)
				break
			}
			go b.run(ctx, i, task) // labels: inherited from who runs the batch
		}
		b.running.Wait()
		return errors.Join(b.errs...)
	}
}

// batch is one run of a Batch.
type batch struct {
	room    chan struct{} // as many tokens as tasks run
	running sync.WaitGroup
	errs    []error // by task, each its goroutine's until running says that all are done; then why not all began
}

// enter waits for room; it is false when ctx has ended.
func (b *batch) enter(ctx context.Context) bool {
	select {
	case b.room <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	if ctx.Err() != nil {
		return false
	}
	b.running.Add(1)
	return true
}

func (b *batch) run(ctx context.Context, i int, task core.Task) {
	defer b.running.Done()
	defer func() { <-b.room }()
	b.errs[i] = &core.PanicError{} // should the task end the goroutine
	b.errs[i] = core.Try(ctx, task)
}
