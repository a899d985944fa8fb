package sched_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

func TestStopFinishesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 2, Queue: 500})
	release := hold(t, p, 2)
	fill(t, p, 500)
	stopped := make(chan error)
	go func() { stopped <- p.Stop(context.Background()) }()
	var refused *sched.StoppedError
	for p.TrySubmit(t.Context(), nothing) == nil || !errors.As(p.TrySubmit(t.Context(), nothing), &refused) {
		runtime.Gosched()
	}
	release()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if got := p.Stats(); got.Completed < 502 || got.Queued+got.Running+got.Workers != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestStopWithoutATaskReturnsAtOnce(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		if err := p.Stop(ended); err != nil {
			t.Error(err)
		}
	}
}

func TestStopHandsBackWhatHasNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, sched.PoolConfig{MaxWorkers: 2, MinWorkers: 2, Queue: 100})
		ended := make(chan error, 2)
		for range 2 {
			submit(t, p, func(ctx context.Context) error { <-ctx.Done(); ended <- context.Cause(ctx); return ctx.Err() })
		}
		synctest.Wait()
		var ran [50]atomic.Int32
		for i := range ran {
			submit(t, p, func(context.Context) error { ran[i].Add(1); return nil })
		}
		future := sched.Go(t.Context(), p, func(context.Context) (int, error) { return 1, nil })
		group := p.Group(t.Context(), sched.GroupConfig{Limit: 1})
		group.Go(nothing)
		group.Go(nothing)

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		err := p.Stop(ctx)
		if got := time.Since(start); got != 9*time.Second {
			t.Errorf("Stop took %v, want 9 s: the tasks obey", got)
		}
		var unfinished *sched.UnfinishedError
		if !errors.As(err, &unfinished) || len(unfinished.Tasks) != len(ran) || len(unfinished.Running) != 0 {
			t.Fatalf("got %v, want %d tasks handed back", err, len(ran))
		}
		var stopped *sched.StoppedError
		for range 2 {
			if cause := <-ended; !errors.As(cause, &stopped) {
				t.Errorf("the cause was %v", cause)
			}
		}
		for _, task := range unfinished.Tasks {
			_ = task(t.Context())
		}
		for i := range ran {
			if got := ran[i].Load(); got != 1 {
				t.Errorf("task %d ran %d times, want once by its new owner", i, got)
			}
		}
		if _, err := future.Wait(t.Context()); !errors.As(err, &stopped) {
			t.Errorf("the future says %v", err)
		}
		if err := group.Wait(); !errors.As(err, &stopped) {
			t.Errorf("the group says %v", err)
		}
		if got := p.Stats(); got.Returned != 53 || got.Failed != 2 || got.Queued+got.Running != 0 {
			t.Errorf("got %+v, want 53 returned, 2 failed", got)
		}
	})
}

func TestStopKeepsToItsTimeWhateverTasksDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, sched.PoolConfig{MaxWorkers: 8, MinWorkers: 8})
		release := hold(t, p, 3) // they do not look at their context
		fill(t, p, 10)
		start := time.Now()
		var stops sync.WaitGroup
		for range 4 {
			stops.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
				defer cancel()
				err := p.Stop(ctx)
				var unfinished *sched.UnfinishedError
				if !errors.As(err, &unfinished) || len(unfinished.Running) != 3 || !errors.Is(err, context.DeadlineExceeded) || core.ErrorType(err) != core.TypeTimeout {
					t.Errorf("got %v, want 3 running", err)
				}
			})
		}
		stops.Wait()
		if got := time.Since(start); got != 100*time.Millisecond {
			t.Errorf("Stop of 100 ms took %v", got)
		}
		if got := p.Stats(); got.Running != 3 || got.Workers != 3 || got.Completed != 10 {
			t.Errorf("got %+v, want 3 running, 10 completed", got)
		}
		release()
		synctest.Wait()
		stop(t, p)
		if got := p.Stats(); got.Running != 0 || got.Completed != 13 {
			t.Errorf("got %+v, want 13 completed", got)
		}
	})
}

func TestStopEndsTheWaitForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, sched.PoolConfig{MaxWorkers: 1, Queue: 1})
		release := hold(t, p, 1)
		fill(t, p, 1)
		refused := make(chan error, 3)
		for range 3 {
			go func() { refused <- p.Submit(t.Context(), nothing) }()
		}
		synctest.Wait()
		go func() { _ = p.Stop(t.Context()) }()
		for range 3 {
			var stopped *sched.StoppedError
			if err := <-refused; !errors.As(err, &stopped) {
				t.Errorf("got %v, want a StoppedError", err)
			}
		}
		release()
	})
}

func TestSubmitRacingStopLosesNothing(t *testing.T) {
	t.Parallel()
	for range 200 {
		p := newPool(t, sched.PoolConfig{MaxWorkers: 4, Queue: 64})
		var accepted, ran atomic.Int64
		var producers sync.WaitGroup
		for range 4 {
			producers.Go(func() {
				for p.Submit(t.Context(), func(context.Context) error { ran.Add(1); return nil }) == nil {
					accepted.Add(1)
				}
			})
		}
		for accepted.Load() < 100 {
			runtime.Gosched()
		}
		stop(t, p)
		producers.Wait()
		if ran.Load() != accepted.Load() {
			t.Fatalf("ran %d of %d", ran.Load(), accepted.Load())
		}
	}
}

func TestStartReopensAPool(t *testing.T) {
	t.Parallel()
	p, err := sched.NewPool("images", sched.PoolConfig{MaxWorkers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Errorf("it is open: %v", err)
	}
	release := hold(t, p, 2)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Stop(ended); err == nil || !strings.Contains(err.Error(), "2 still running") {
		t.Errorf("got %v, want 2 still running", err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The workers that hang are none of the new ones.
	again := hold(t, p, 2)
	if got := p.Stats(); got.Running != 4 || got.Workers != 4 {
		t.Errorf("got %+v, want 4 running", got)
	}
	release()
	again()
	submit(t, p, func(ctx context.Context) error { return ctx.Err() })
	stop(t, p)
	for p.Stats().Running > 0 {
		runtime.Gosched()
	}
	if got := p.Stats(); got.Completed != 5 || got.Failed != 0 {
		t.Errorf("got %+v, want 5 completed", got)
	}
}

func TestStartWaitsForTheEndOfStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, sched.PoolConfig{MaxWorkers: 1})
		release := hold(t, p, 1)
		go func() { _ = p.Stop(context.Background()) }()
		synctest.Wait()
		if err := p.Start(t.Context()); err == nil {
			t.Error("it was started while it was being stopped")
		}
		release()
		synctest.Wait()
		if err := p.Start(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Not parallel: it counts goroutines.
func TestStartAndStopLeaveNothingBehind(t *testing.T) {
	p, err := sched.NewPool("images", sched.PoolConfig{MaxWorkers: 4})
	if err != nil {
		t.Fatal(err)
	}
	cycle := func() {
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			submit(t, p, nothing)
		}
		_ = p.Group(t.Context(), sched.GroupConfig{}).Wait()
		stop(t, p)
	}
	cycle()
	goroutines, heap := runtime.NumGoroutine(), heapInUse()
	for range 1000 {
		cycle()
	}
	if got := goroutinesLeft(goroutines + 2); got > goroutines+2 {
		t.Errorf("%d goroutines, want %d as before", got, goroutines)
	}
	if got := heapInUse(); got > heap+1<<20 {
		t.Errorf("%d bytes in use, want %d as before", got, heap)
	}
	if got := p.Stats(); got.Completed != 1001*20 {
		t.Errorf("%d completed, want %d", got.Completed, 1001*20)
	}
}

// goroutinesLeft waits until there are at most so many goroutines, and gives how many there are: of a pool that
// has stopped, some workers may be about to end.
func goroutinesLeft(most int) (n int) {
	for began := time.Now(); ; runtime.Gosched() {
		if n = runtime.NumGoroutine(); n <= most || time.Since(began) > 10*time.Second {
			return n
		}
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
