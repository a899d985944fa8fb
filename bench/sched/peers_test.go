package sched_test

import (
	"testing"
	"time"

	"github.com/alitto/pond/v2"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"
)

// newChannel makes the floor: workers on a channel, which recover from nothing and count nothing.
func newChannel(tb testing.TB, task func()) func() bool {
	tb.Helper()
	tasks := make(chan func(), queue)
	for range workers {
		go func() {
			for t := range tasks {
				t()
			}
		}()
	}
	tb.Cleanup(func() { close(tasks) })
	return func() bool {
		tasks <- task
		return true
	}
}

func newPond(tb testing.TB, task func()) func() bool {
	tb.Helper()
	p := pond.NewPool(workers, pond.WithQueueSize(queue))
	tb.Cleanup(p.StopAndWait)
	return func() bool { return p.Go(task) == nil }
}

// newAnts makes a pool that has no queue: who finds no worker free waits for one.
func newAnts(tb testing.TB, task func()) func() bool {
	tb.Helper()
	p, err := ants.NewPool(workers)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.ReleaseTimeout(time.Minute); err != nil {
			tb.Error(err)
		}
	})
	return func() bool { return p.Submit(task) == nil }
}

// newAntsMulti makes eight pools that take turns.
func newAntsMulti(tb testing.TB, task func()) func() bool {
	tb.Helper()
	const parts = 8
	p, err := ants.NewMultiPool(parts, workers/parts, ants.RoundRobin)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.ReleaseTimeout(time.Minute); err != nil {
			tb.Error(err)
		}
	})
	return func() bool { return p.Submit(task) == nil }
}

func newConc(tb testing.TB, task func()) func() bool {
	tb.Helper()
	p := pool.New().WithMaxGoroutines(workers)
	tb.Cleanup(p.Wait)
	return func() bool {
		p.Go(task)
		return true
	}
}

func newErrgroup(tb testing.TB, task func()) func() bool {
	tb.Helper()
	var g errgroup.Group
	g.SetLimit(workers)
	tb.Cleanup(func() {
		if err := g.Wait(); err != nil {
			tb.Error(err)
		}
	})
	f := func() error {
		task()
		return nil
	}
	return func() bool {
		g.Go(f)
		return true
	}
}

// newGoSemaphore makes what people write who want no library and no workers: a goroutine for each task,
// of which so many run.
func newGoSemaphore(_ testing.TB, task func()) func() bool {
	running := make(chan struct{}, workers)
	f := func() {
		task()
		<-running
	}
	return func() bool {
		running <- struct{}{}
		go f()
		return true
	}
}
