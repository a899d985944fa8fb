package sched_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

func TestGoGivesTheResult(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 1})
	failure := errors.New("failed")
	for _, c := range []struct {
		name string
		f    func(context.Context) (int, error)
		want func(int, error) bool
	}{
		{"a value", func(context.Context) (int, error) { return 42, nil }, func(n int, err error) bool { return n == 42 && err == nil }},
		{"a value and an error", func(context.Context) (int, error) { return 1, failure }, func(n int, err error) bool { return n == 1 && err == failure }},
		{"a panic", func(context.Context) (int, error) { panic(failure) }, func(_ int, err error) bool {
			var p *core.PanicError
			return errors.As(err, &p) && errors.Is(err, failure) && len(p.Stack) > 0
		}},
		{"panic(nil)", func(context.Context) (int, error) { panic(nil) }, func(_ int, err error) bool {
			return core.ErrorType(err) == core.TypePanic
		}},
		{"an ended goroutine", func(context.Context) (int, error) { runtime.Goexit(); return 1, nil }, func(_ int, err error) bool {
			var p *core.PanicError
			return errors.As(err, &p) && p.Value == nil && len(p.Stack) > 0
		}},
	} {
		f := sched.Go(t.Context(), p, c.f)
		for range 2 {
			if n, err := f.Wait(t.Context()); !c.want(n, err) {
				t.Errorf("%s: got %d, %v", c.name, n, err)
			}
		}
		<-f.Done()
	}
	stop(t, p)
	if got := p.Stats(); got.Completed != 1 || got.Failed != 1 || got.Panicked != 3 {
		t.Errorf("got %+v, want 1 completed, 1 failed, 3 panicked", got)
	}
}

func TestWaitEndsWithItsContextAndLeavesTheFuture(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, sched.PoolConfig{})
		f := sched.Go(t.Context(), p, func(context.Context) (string, error) { <-time.After(time.Minute); return "late", nil })
		brief, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if v, err := f.Wait(brief); v != "" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %q, %v", v, err)
		}
		if v, err := f.Wait(t.Context()); v != "late" || err != nil {
			t.Errorf("got %q, %v", v, err)
		}
		if v, err := f.Wait(brief); v != "late" || err != nil {
			t.Errorf("it is settled, and got %q, %v", v, err)
		}
	})
}

func TestAFunctionWhoseCallerGaveUpNeverRuns(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 1})
	release := hold(t, p, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("no longer wanted")
	f := sched.Go(ctx, p, func(context.Context) (int, error) { t.Error("it ran"); return 0, nil })
	cancel(why)
	release()
	if _, err := f.Wait(t.Context()); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	stop(t, p)
	if got := p.Stats(); got.Cancelled != 1 || got.Completed != 1 {
		t.Errorf("got %+v, want 1 cancelled", got)
	}
}

func TestARefusalIsTheFuturesError(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 1, Queue: 1, Overflow: sched.Reject})
	release := hold(t, p, 1)
	fill(t, p, 1)
	ok := func(context.Context) (int, error) { return 1, nil }
	if _, err := sched.Go(t.Context(), p, ok).Wait(t.Context()); !errors.Is(err, core.ErrRejected) {
		t.Errorf("full: got %v", err)
	}
	release()
	stop(t, p)
	if _, err := sched.Go(t.Context(), p, ok).Wait(t.Context()); !errors.Is(err, core.ErrClosed) {
		t.Errorf("stopped: got %v", err)
	}
}

func TestFuturesNoOneAsksHoldUpNoWorker(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 1, Queue: 4})
	for range 1000 {
		sched.Go(t.Context(), p, func(context.Context) ([]byte, error) { return make([]byte, 100), nil })
	}
	stop(t, p)
	if got := p.Stats().Completed; got != 1000 {
		t.Errorf("%d completed, want 1000", got)
	}
}
