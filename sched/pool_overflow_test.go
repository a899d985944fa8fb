package sched_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// fill puts n tasks into the queue, whose workers are held.
func fill(t testing.TB, p *sched.Pool, n int) {
	t.Helper()
	for range n {
		submit(t, p, nothing)
	}
}

func TestTheBoundOfTheQueueIsExact(t *testing.T) {
	t.Parallel()
	for _, queue := range []int{1, 2, 3, 31, 32, 33, 1001} {
		p := newPool(t, sched.PoolConfig{MinWorkers: 2, MaxWorkers: 2, Queue: queue, Overflow: sched.Reject})
		release := hold(t, p, 2)
		for i := range queue {
			if err := p.TrySubmit(t.Context(), nothing); err != nil {
				t.Errorf("queue of %d, %d wait: %v", queue, i, err)
			}
		}
		err := p.TrySubmit(t.Context(), nothing)
		var full *sched.FullError
		if !errors.As(err, &full) || !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeQueueFull || full.Capacity != queue {
			t.Errorf("queue of %d is full, and got %v", queue, err)
		}
		if err := p.Submit(t.Context(), nothing); !errors.As(err, &full) {
			t.Errorf("queue of %d is full, and got %v", queue, err)
		}
		if got := p.Stats(); got.Queued != queue || got.Rejected != 2 || got.Running != 2 {
			t.Errorf("queue of %d: got %+v", queue, got)
		}
		release()
	}
}

func TestSubmitWaitsForRoom(t *testing.T) {
	t.Parallel()
	for _, queue := range []int{1, 2000} {
		synctest.Test(t, func(t *testing.T) {
			p := newPool(t, sched.PoolConfig{MinWorkers: 2, MaxWorkers: 2, Queue: queue})
			first, second := hold(t, p, 1), hold(t, p, 1)
			minute := func(context.Context) error { <-time.After(time.Minute); return nil }
			for range queue {
				submit(t, p, minute)
			}
			var accepted atomic.Int32
			for range 3 {
				go func() {
					submit(t, p, minute)
					accepted.Add(1)
				}()
			}
			<-time.After(time.Second)
			if got := accepted.Load(); got != 0 {
				t.Fatalf("queue of %d is full: %d were accepted", queue, got)
			}
			for i, release := range []func(){first, second} {
				release()
				synctest.Wait()
				if got := accepted.Load(); got != int32(i+1) {
					t.Errorf("queue of %d has had room for %d: %d were accepted", queue, i+1, got)
				}
			}
			<-time.After(2 * time.Minute)
			if got := accepted.Load(); got != 3 {
				t.Errorf("queue of %d: %d were accepted, want 3", queue, got)
			}
			stopped := make(chan error, 1)
			go func() { stopped <- p.Stop(context.Background()) }()
			if err := <-stopped; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSubmitWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, sched.PoolConfig{MaxWorkers: 1, Queue: 1})
		release := hold(t, p, 1)
		defer release()
		fill(t, p, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := p.Submit(ctx, nothing)
		if time.Since(start) != time.Second || !errors.Is(err, core.ErrRejected) || !errors.Is(err, context.DeadlineExceeded) || core.ErrorType(err) != core.TypeTimeout {
			t.Errorf("after %v got %v", time.Since(start), err)
		}
		cancelled, give := context.WithCancelCause(t.Context())
		why := errors.New("no longer wanted")
		give(why)
		if err := p.Submit(cancelled, nothing); !errors.Is(err, why) {
			t.Errorf("got %v", err)
		}
		if got := p.Stats().Rejected; got != 2 {
			t.Errorf("%d rejected, want 2", got)
		}
	})
}

func TestDropOldestMakesRoomAndTells(t *testing.T) {
	t.Parallel()
	var dropped []string
	hook := sched.WithDropHook(func(ctx context.Context, task core.Task) {
		if ctx.Err() != nil {
			t.Error("its context has ended")
		}
		dropped = append(dropped, task(ctx).Error())
	})
	p := newPool(t, sched.PoolConfig{MaxWorkers: 4, MinWorkers: 4, Queue: 3, Overflow: sched.DropOldest}, hook)
	release := hold(t, p, 4)
	defer release()
	for _, name := range []string{"a", "b", "c"} {
		submit(t, p, func(context.Context) error { return errors.New(name) }, sched.WithTimeout(time.Hour))
	}
	future := sched.Go(t.Context(), p, func(context.Context) (int, error) { return 1, nil })  // drops a
	submit(t, p, nothing, sched.WithPriority(sched.High))                                     // drops b
	if err := p.TrySubmit(t.Context(), nothing, sched.WithPriority(sched.High)); err != nil { // drops c
		t.Error(err)
	}
	submit(t, p, nothing, sched.WithPriority(sched.High)) // drops the future
	if want := []string{"a", "b", "c"}; !slices.Equal(dropped, want) {
		t.Errorf("dropped %q, want %q", dropped, want)
	}
	var full *sched.FullError
	if _, err := future.Wait(t.Context()); !errors.As(err, &full) {
		t.Errorf("the future says %v", err)
	}
	release()
	stop(t, p)
	if got := p.Stats(); got.Dropped != 4 || got.Completed != 4+3 {
		t.Errorf("got %+v, want 4 dropped, 7 completed", got)
	}
}

func TestATaskDoesNotWaitForRoomInItsOwnPool(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 1, Queue: 1})
	result := make(chan error, 2)
	submit(t, p, func(ctx context.Context) error {
		deep, cancel := context.WithCancel(context.WithValue(ctx, key("a"), 1))
		defer cancel()
		result <- p.Submit(deep, nothing)
		result <- p.Submit(deep, nothing)
		return nil
	})
	if err := <-result; err != nil {
		t.Errorf("there was room, and got %v", err)
	}
	var full *sched.FullError
	if err := <-result; !errors.As(err, &full) || !errors.Is(err, core.ErrRejected) {
		t.Errorf("got %v, want a FullError", err)
	}
}

// key is the key of a context value.
type key string
