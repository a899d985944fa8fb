package sched_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

func TestBatchRunsAtMostParallelTasksAtTheSameTime(t *testing.T) {
	t.Parallel()
	for parallel, want := range map[int]time.Duration{-1: 1, 0: 1, 1: 10, 3: 4, 10: 1, 1000: 1} {
		t.Run(fmt.Sprint(parallel), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var ran atomic.Int64
				tasks := make([]core.Task, 10)
				for i := range tasks {
					tasks[i] = func(context.Context) error { <-time.After(time.Second); ran.Add(1); return nil }
				}
				batch, start := sched.Batch(parallel, tasks...), time.Now()
				for n := int64(1); n <= 2; n++ { // a batch may run again
					if err := batch(t.Context()); err != nil || ran.Load() != 10*n {
						t.Errorf("got %v after %d tasks", err, ran.Load())
					}
				}
				if took := time.Since(start); took != 2*want*time.Second {
					t.Errorf("took %v, want twice %v", took, want*time.Second)
				}
			})
		})
	}
}

func TestBatchJoinsErrorsInTheOrderOfItsTasks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		late := func(context.Context) error { <-time.After(time.Second); return errStep }
		err := sched.Batch(2,
			late,
			j.task("a"),
			func(context.Context) error { panic("no card") },
			func(context.Context) error { runtime.Goexit(); return nil },
			j.task("b", errUndo),
			j.task("c"),
		)(t.Context())
		if want := "declined\ncore: task panicked: no card\ncore: task ended its goroutine\ngone"; fmt.Sprint(err) != want {
			t.Errorf("got %q, want %q", err, want)
		}
		if got, want := j.String(), "a b c"; got != want {
			t.Errorf("ran %q, want %q", got, want)
		}
	})
}

func TestBatchStartsNoMoreWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	gone := errors.New("the shop closes")
	for name, c := range map[string]struct {
		parallel int
		end      time.Duration
		started  int64
		want     error
	}{
		"before the first":      {1, 0, 0, gone},
		"in the midst":          {2, 1500 * time.Millisecond, 4, gone},
		"when all have started": {10, 500 * time.Millisecond, 10, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var started atomic.Int64
				tasks := make([]core.Task, 10)
				for i := range tasks {
					tasks[i] = func(context.Context) error { started.Add(1); <-time.After(time.Second); return nil }
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if time.AfterFunc(c.end, func() { cancel(gone) }); c.end == 0 {
					cancel(gone)
				}
				if err := sched.Batch(c.parallel, tasks...)(ctx); !errors.Is(err, c.want) || started.Load() != c.started {
					t.Errorf("got %v after %d tasks, want %v after %d", err, started.Load(), c.want, c.started)
				}
			})
		})
	}
}

func TestBatchStartsNoMoreOnceATaskHasEndedItsContext(t *testing.T) {
	t.Parallel()
	for range 100 { // room and the end of the context come together
		j := &journal{}
		ctx, cancel := context.WithCancel(t.Context())
		end := func(context.Context) error { cancel(); return nil }
		err := sched.Batch(1, j.task("a"), end, j.task("b"))(ctx)
		if !errors.Is(err, context.Canceled) || j.String() != "a" {
			t.Fatalf("got %v after %q", err, j)
		}
		if err := sched.Batch(1, j.task("c"))(ctx); !errors.Is(err, context.Canceled) || j.String() != "a" {
			t.Fatalf("got %v after %q", err, j)
		}
	}
}

func TestAnEmptyBatchIsDoneAtOnce(t *testing.T) {
	t.Parallel()
	if err := sched.Batch(3)(t.Context()); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestBatchRunsSeveralTimesAtOnce(t *testing.T) {
	t.Parallel()
	var ran atomic.Int64
	tasks := make([]core.Task, 20)
	for i := range tasks {
		tasks[i] = func(context.Context) error { ran.Add(1); return nil }
	}
	batch := sched.Batch(3, tasks...)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := batch(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if ran.Load() != 1000 {
		t.Errorf("%d tasks ran, want 1000", ran.Load())
	}
}
