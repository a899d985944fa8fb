package sched_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

func TestNestedGroupsInAPoolOfOneWorkerEnd(t *testing.T) {
	t.Parallel()
	for _, cfg := range []sched.PoolConfig{{MaxWorkers: 1, Queue: 1}, {MaxWorkers: 1, Queue: 2, Overflow: sched.Reject}, {MaxWorkers: 3}} {
		p := newPool(t, cfg)
		var leaves atomic.Int64
		var fan func(depth int) core.Task
		fan = func(depth int) core.Task {
			return func(ctx context.Context) error {
				if depth == 0 {
					leaves.Add(1)
					return nil
				}
				g := p.Group(ctx, sched.GroupConfig{Limit: depth % 3})
				for range 4 {
					g.Go(fan(depth - 1))
				}
				return g.Wait()
			}
		}
		g := p.Group(t.Context(), sched.GroupConfig{})
		g.Go(fan(4))
		if err := g.Wait(); err != nil || leaves.Load() != 256 {
			t.Errorf("%+v: got %v and %d leaves, want 256", cfg, err, leaves.Load())
		}
		stop(t, p)
		if got := p.Stats(); got.Completed != 1+4+16+64+256 || got.Running+got.Queued != 0 {
			t.Errorf("%+v: got %+v", cfg, got)
		}
	}
}

func TestTheFirstErrorEndsTheGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, sched.PoolConfig{MinWorkers: 2, MaxWorkers: 2})
		g := p.Group(t.Context(), sched.GroupConfig{})
		failure := errors.New("failed")
		g.Go(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		g.Go(func(context.Context) error { <-time.After(time.Second); return failure })
		synctest.Wait()
		for range 10 {
			g.Go(func(context.Context) error { t.Error("it began"); return nil })
		}
		synctest.Wait()
		<-time.After(2 * time.Second)
		if err := g.Wait(); err != failure {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if got := p.Stats(); got.Cancelled != 10 || got.Failed != 2 {
			t.Errorf("got %+v, want 10 cancelled, 2 failed", got)
		}
	})
}

func TestAGroupKeepsGoing(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 4})
	g := p.Group(t.Context(), sched.GroupConfig{KeepGoing: true})
	for i := range 100 {
		g.Go(func(ctx context.Context) error {
			if ctx.Err() != nil {
				t.Error("the group has ended")
			}
			return fmt.Errorf("error of %d", i)
		})
	}
	g.Go(func(context.Context) error { panic("boom") })
	err := g.Wait()
	if err == nil || strings.Count(err.Error(), "error of") < 63 || !strings.Contains(err.Error(), "37 more tasks") {
		t.Errorf("got %v", err)
	}
}

func TestTheLimitOfAGroupHolds(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MinWorkers: 8, MaxWorkers: 8, Queue: 10})
	g := p.Group(t.Context(), sched.GroupConfig{Limit: 3})
	var running, most atomic.Int64
	for range 500 {
		g.Go(func(context.Context) error {
			n := running.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			runtime.Gosched()
			running.Add(-1)
			return nil
		})
	}
	if err := g.Wait(); err != nil || most.Load() > 3 {
		t.Errorf("got %v, and %d ran at the same time, want at most 3", err, most.Load())
	}
	stop(t, p)
	if got := p.Stats().Completed; got != 500 {
		t.Errorf("%d completed, want 500", got)
	}
}

func TestAGroupsTasksAreContained(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 1, Queue: 1})
	release := hold(t, p, 1) // so that others than the worker run the tasks
	defer release()
	for _, task := range []core.Task{
		func(context.Context) error { panic("boom") },
		func(context.Context) error { runtime.Goexit(); return nil },
	} {
		g := p.Group(t.Context(), sched.GroupConfig{})
		for range 3 {
			g.Go(task)
		}
		var panicked *core.PanicError
		if err := g.Wait(); !errors.As(err, &panicked) {
			t.Errorf("got %v, want a PanicError", err)
		}
	}
	release()
	stop(t, p)
	if got := p.Stats(); got.Panicked+got.Cancelled != 6 || got.Panicked < 2 {
		t.Errorf("got %+v, want 6 panicked or cancelled", got)
	}
}

func TestAGroupEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 1})
	release := hold(t, p, 1)
	defer release()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("no longer wanted")
	g := p.Group(ctx, sched.GroupConfig{})
	g.Go(func(context.Context) error { t.Error("it began"); return nil })
	cancel(why)
	if err := g.Wait(); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

func TestAStoppedPoolRefusesGroups(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{})
	before := p.Group(t.Context(), sched.GroupConfig{})
	stop(t, p)
	for _, g := range []*sched.Group{before, p.Group(t.Context(), sched.GroupConfig{Limit: 1})} {
		g.Go(nothing)
		var stopped *sched.StoppedError
		if err := g.Wait(); !errors.As(err, &stopped) {
			t.Errorf("got %v, want a StoppedError", err)
		}
	}
	if got := p.Stats(); got.Rejected != 2 || got.Queued != 0 {
		t.Errorf("got %+v, want 2 rejected", got)
	}
}
