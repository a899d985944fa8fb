package sched_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/sched"
)

// elastic is a pool of one worker, and up to 20 when tasks wait for a second.
func elastic(t *testing.T) *sched.Pool {
	return newPool(t, sched.PoolConfig{MinWorkers: 1, MaxWorkers: 20, ScaleAfter: time.Second, IdleTimeout: time.Minute})
}

// lasting is a task of a duration.
func lasting(d time.Duration) func(context.Context) error {
	return func(context.Context) error { <-time.After(d); return nil }
}

func requireWorkers(t *testing.T, p *sched.Pool, want int, when string) {
	t.Helper()
	synctest.Wait()
	if got := p.Stats().Workers; got != want {
		t.Errorf("%s there are %d workers, want %d", when, got, want)
	}
}

func TestPoolGrowsWhileTasksWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := elastic(t)
		requireWorkers(t, p, 0, "before the first task")
		for range 100 {
			submit(t, p, lasting(time.Hour))
		}
		requireWorkers(t, p, 1, "at once")
		<-time.After(time.Second - 1)
		requireWorkers(t, p, 1, "just before a second")
		<-time.After(1)
		for _, want := range []int{2, 4, 8, 16, 20, 20} {
			requireWorkers(t, p, want, "while tasks wait")
			<-time.After(time.Second)
		}
		if got := p.Stats(); got.Running != 20 || got.Queued != 80 {
			t.Errorf("got %+v, want 20 running, 80 queued", got)
		}
	})
}

func TestPoolDoesNotGrowWhileTheQueueMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := elastic(t)
		for range 1000 { // each waits for less than a second
			submit(t, p, lasting(time.Millisecond))
			submit(t, p, lasting(time.Millisecond))
			<-time.After(2 * time.Millisecond)
		}
		requireWorkers(t, p, 1, "after short waits")
	})
}

func TestPoolStartsNoMoreWorkersThanTasksWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := elastic(t)
		for range 3 {
			submit(t, p, lasting(time.Hour))
		}
		<-time.After(time.Minute)
		requireWorkers(t, p, 3, "with three tasks")
	})
}

func TestPoolShrinksWhenIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := elastic(t)
		for range 20 {
			submit(t, p, lasting(10*time.Second))
		}
		<-time.After(15 * time.Second)
		requireWorkers(t, p, 20, "after the load")
		for range 6 { // one task at a time keeps one worker
			<-time.After(8 * time.Second)
			submit(t, p, nothing)
			requireWorkers(t, p, 20, "within a minute")
		}
		<-time.After(20 * time.Second)
		requireWorkers(t, p, 1, "after a minute")
		<-time.After(24 * time.Hour)
		requireWorkers(t, p, 1, "after a day")
		if got := p.Stats(); got.Idle != 1 || got.Completed != 26 {
			t.Errorf("got %+v, want 1 idle", got)
		}
	})
}

func TestResizeTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, sched.PoolConfig{MinWorkers: 4, MaxWorkers: 4, IdleTimeout: time.Minute})
		resize := func(least, most int) {
			if err := p.Resize(least, most); err != nil {
				t.Error(err)
			}
		}
		for range 8 {
			submit(t, p, lasting(time.Minute))
		}
		requireWorkers(t, p, 4, "at first")
		resize(2, 2)
		requireWorkers(t, p, 4, "while they are busy")
		<-time.After(time.Minute)
		requireWorkers(t, p, 2, "when two have finished")
		resize(6, 8)
		requireWorkers(t, p, 4, "for the two tasks that wait")
		<-time.After(time.Hour)
		requireWorkers(t, p, 4, "which are no more than to be kept")
		resize(1, 3)
		requireWorkers(t, p, 3, "of the idle")
		<-time.After(time.Hour)
		requireWorkers(t, p, 1, "when idle for long")
		if got := p.Stats(); got.Completed != 8 || got.Least != 1 || got.Limit != 3 {
			t.Errorf("got %+v, want 8 completed, 1 to 3 workers", got)
		}
	})
}
