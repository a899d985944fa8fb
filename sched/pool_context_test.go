package sched_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/sched"
)

// look runs f under the context of a task whose caller waits under ctx.
func look(t *testing.T, ctx context.Context, p *sched.Pool, f func(ctx context.Context)) { //nolint:revive // t comes first
	t.Helper()
	_, err := sched.Go(ctx, p, func(ctx context.Context) (int, error) { f(ctx); return 0, nil }).Wait(context.Background())
	if err != nil {
		t.Error(err)
	}
}

func TestTasksHaveTheValuesTheirCallerNames(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{}, sched.WithValues(key("tenant")))
	ctx, cancel := context.WithCancel(context.WithValue(context.WithValue(context.Background(), key("tenant"), "a"), key("body"), "big"))
	cancel()
	seen := make(chan context.Context, 1)
	if err := p.Submit(ctx, func(ctx context.Context) error {
		seen <- ctx
		return errors.Join(ctx.Err(), context.Cause(ctx))
	}); err != nil {
		t.Fatal(err)
	}
	got := <-seen
	if got.Value(key("tenant")) != "a" || got.Value(key("body")) != nil {
		t.Errorf("tenant is %v, body is %v", got.Value(key("tenant")), got.Value(key("body")))
	}
	stop(t, p)
	if got := p.Stats(); got.Completed != 1 {
		t.Errorf("the caller's end reached the task: %+v", got)
	}
}

func TestWaitedTasksHaveTheirCallersContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, sched.PoolConfig{})
		parent, cancel := context.WithCancelCause(context.WithValue(t.Context(), key("body"), "big"))
		ctx, stop := context.WithTimeout(parent, time.Hour)
		defer stop()
		var kept context.Context
		why := errors.New("no longer wanted")
		look(t, ctx, p, func(ctx context.Context) {
			kept = ctx
			deadline, ok := ctx.Deadline()
			if !ok || time.Until(deadline) != time.Hour || ctx.Value(key("body")) != "big" || ctx.Err() != nil {
				t.Errorf("deadline %v, body %v, %v", deadline, ctx.Value(key("body")), ctx.Err())
			}
			select {
			case <-ctx.Done():
				t.Error("it has ended")
			default:
			}
			cancel(why)
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), why) || !errors.Is(ctx.Err(), context.Canceled) {
				t.Errorf("it ended with %v, %v", ctx.Err(), context.Cause(ctx))
			}
		})
		if !errors.Is(context.Cause(kept), why) {
			t.Errorf("afterwards the cause is %v", context.Cause(kept))
		}
	})
}

func TestTheEndOfThePoolEndsTasks(t *testing.T) {
	t.Parallel()
	for name, ctx := range map[string]context.Context{
		"plain":  context.Background(),
		"values": context.WithValue(context.Background(), key("tenant"), "a"),
		"ending": t.Context(),
	} {
		for _, watch := range []string{"done", "poll"} {
			synctest.Test(t, func(t *testing.T) {
				p := newPool(t, sched.PoolConfig{})
				task := func(ctx context.Context) error {
					for watch == "poll" && ctx.Err() == nil {
						<-time.After(time.Millisecond)
					}
					<-ctx.Done()
					return context.Cause(ctx)
				}
				if name == "ending" {
					c, cancel := context.WithCancel(context.Background())
					defer cancel()
					ctx = c
				}
				future := sched.Go(ctx, p, func(ctx context.Context) (int, error) { return 0, task(ctx) })
				group := p.Group(ctx, sched.GroupConfig{})
				group.Go(task)
				if err := p.Submit(ctx, task); err != nil {
					t.Error(err)
				}
				brief, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				if err := p.Stop(brief); err != nil {
					t.Errorf("%s, %s: %v", name, watch, err)
				}
				var stopped *sched.StoppedError
				if _, err := future.Wait(context.Background()); !errors.As(err, &stopped) {
					t.Errorf("%s, %s: the future's context ended with %v", name, watch, err)
				}
				if err := group.Wait(); !errors.As(err, &stopped) {
					t.Errorf("%s, %s: the group's context ended with %v", name, watch, err)
				}
			})
		}
	}
}

// Not parallel: it counts goroutines.
func TestContextsOfTasksStartNoGoroutines(t *testing.T) {
	p := newPool(t, sched.PoolConfig{MaxWorkers: 1}, sched.WithValues(key("tenant")))
	parent, cancel := context.WithCancel(context.WithValue(t.Context(), key("tenant"), "a"))
	defer cancel()
	check := func(ctx context.Context) {
		before := runtime.NumGoroutine()
		var cancels []context.CancelFunc
		for range 100 {
			_, cancel := context.WithTimeout(ctx, time.Hour)
			cancels = append(cancels, cancel)
			stop := context.AfterFunc(ctx, func() { t.Error("it has ended") })
			cancels = append(cancels, func() { stop() })
		}
		if got := runtime.NumGoroutine(); got > before+5 {
			t.Errorf("%d goroutines, want %d as before", got, before)
		}
		for _, cancel := range cancels {
			cancel()
		}
	}
	look(t, parent, p, check)
	done := make(chan struct{})
	if err := p.Submit(parent, func(ctx context.Context) error { defer close(done); check(ctx); return nil }); err != nil {
		t.Error(err)
	}
	<-done
	g := p.Group(parent, sched.GroupConfig{})
	g.Go(func(ctx context.Context) error { check(ctx); return nil })
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// Not parallel: it measures memory.
func TestTasksLetGoOfTheirCallersContext(t *testing.T) {
	p := newPool(t, sched.PoolConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	run := func(n int) {
		for range n {
			look(t, ctx, p, func(ctx context.Context) { <-time.After(0); _ = ctx.Done() })
		}
	}
	run(100)
	before := heapInUse()
	run(5000)
	if got := heapInUse(); got > before+1<<20 {
		t.Errorf("%d bytes in use, want %d as before", got, before)
	}
}
