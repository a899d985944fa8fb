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

var _ core.Service = (*sched.Pool)(nil)

func nothing(context.Context) error { return nil }

func stop(t testing.TB, p *sched.Pool) {
	t.Helper()
	if err := p.Stop(context.Background()); err != nil {
		t.Fatalf("Stop: %v", err)
	}
}

func submit(t testing.TB, p *sched.Pool, task core.Task, opts ...sched.TaskOption) {
	t.Helper()
	if err := p.Submit(context.Background(), task, opts...); err != nil {
		t.Fatalf("Submit: %v", err)
	}
}

// hold keeps n workers busy until release is called, and returns when they are.
func hold(t testing.TB, p *sched.Pool, n int) (release func()) {
	t.Helper()
	gate, begun := make(chan struct{}), make(chan struct{})
	for range n {
		submit(t, p, func(context.Context) error {
			begun <- struct{}{}
			<-gate
			return nil
		})
		<-begun
	}
	return sync.OnceFunc(func() { close(gate) })
}

func TestPoolRunsWhatItAccepts(t *testing.T) {
	t.Parallel()
	for _, cfg := range []sched.PoolConfig{
		{},
		{Queue: 1},
		{MaxWorkers: 1, Queue: 3},
		{MinWorkers: 64, Queue: 4096},
		{Queue: 1 << 20},
		{TaskTimeout: time.Hour},
	} {
		p := newPool(t, cfg)
		var ran atomic.Int64
		var producers sync.WaitGroup
		for range 4 {
			producers.Go(func() {
				for range 5_000 {
					if err := p.Submit(t.Context(), func(context.Context) error { ran.Add(1); return nil }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		producers.Wait()
		stop(t, p)
		if got := p.Stats(); ran.Load() != 20_000 || got.Completed != 20_000 || got.Queued+got.Running+got.Workers != 0 {
			t.Errorf("%+v: ran %d, got %+v", cfg, ran.Load(), got)
		}
	}
}

func TestPoolTellsTasksApartByHowTheyEnd(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{})
	for _, task := range []core.Task{
		nothing, nothing, nothing,
		func(context.Context) error { return errors.New("failed") },
		func(context.Context) error { return errors.New("failed") },
		func(context.Context) error { panic("boom") },
		func(context.Context) error { panic(nil) },
		func(context.Context) error { runtime.Goexit(); return nil },
		func(context.Context) error { return &core.PanicError{Value: "of someone else"} },
	} {
		submit(t, p, task)
	}
	stop(t, p)
	if got := p.Stats(); got.Completed != 3 || got.Failed != 2 || got.Panicked != 4 {
		t.Errorf("got %+v, want 3 completed, 2 failed, 4 panicked", got)
	}
}

func TestPoolGoesOnAfterPanicsAndEndedGoroutines(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 1})
	for range 100 {
		submit(t, p, func(context.Context) error { panic("boom") })
		submit(t, p, func(context.Context) error { runtime.Goexit(); return nil })
		submit(t, p, nothing)
	}
	stop(t, p)
	if got := p.Stats(); got.Completed != 100 || got.Panicked != 200 {
		t.Errorf("got %+v, want 100 completed, 200 panicked", got)
	}
}

func TestPoolNamesBadArguments(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{})
	ctx := t.Context()
	for argument, f := range map[string]func() error{
		"task":   func() error { return p.Submit(ctx, nil) },
		"task ":  func() error { return p.TrySubmit(ctx, nil) },
		"task  ": func() error { g := p.Group(ctx, sched.GroupConfig{}); g.Go(nil); return g.Wait() },
		"tasks[1]": func() error {
			n, err := p.SubmitBatch(ctx, []core.Task{nothing, nil})
			if n != 0 {
				t.Errorf("%d were accepted", n)
			}
			return err
		},
		"f":           func() error { _, err := sched.Go[int](ctx, p, nil).Wait(ctx); return err },
		"timeout":     func() error { return p.Submit(ctx, nothing, sched.WithTimeout(-1)) },
		"timeout ":    func() error { _, err := p.SubmitBatch(ctx, []core.Task{nothing}, sched.WithTimeout(-1)); return err },
		"priority":    func() error { return p.TrySubmit(ctx, nothing, sched.WithPriority(7)) },
		"Limit":       func() error { return p.Group(ctx, sched.GroupConfig{Limit: -1}).Wait() },
		"MinWorkers":  func() error { return p.Resize(0, 1) },
		"MinWorkers ": func() error { return p.Resize(3, 2) },
	} {
		err := f()
		if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), `sched: "images": `+strings.TrimSpace(argument)) {
			t.Errorf("%s: got %v", argument, err)
		}
	}
	if got := p.Stats(); got.Completed+got.Rejected != 0 || got.Queued != 0 {
		t.Errorf("bad arguments were counted: %+v", got)
	}
}

func TestPoolConfigNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := sched.NewPool("", sched.PoolConfig{MinWorkers: 3, MaxWorkers: 2, Queue: -1, Overflow: 9, TaskTimeout: -1, ScaleAfter: -1, IdleTimeout: -1})
	if !errors.Is(err, core.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	for _, field := range []string{"name", "MinWorkers", "Queue", "Overflow", "TaskTimeout", "ScaleAfter", "IdleTimeout"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%q does not name %s", err, field)
		}
	}
}

func TestOverflowReadsAndPrintsAsText(t *testing.T) {
	t.Parallel()
	for want, text := range map[sched.Overflow]string{sched.Block: "block", sched.Reject: "reject", sched.DropOldest: "drop_oldest"} {
		var got sched.Overflow
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want || got.String() != text {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	var o sched.Overflow = 2
	if err := o.UnmarshalText(nil); err != nil || o != sched.Block {
		t.Errorf("no text: got %v, %v", o, err)
	}
	if err := o.UnmarshalText([]byte("spill")); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestSubmitBatchAcceptsAPrefix(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 2, Queue: 100, Overflow: sched.Reject})
	release := hold(t, p, 2)
	defer release()
	var ran [300]atomic.Bool
	tasks := make([]core.Task, len(ran))
	for i := range tasks {
		tasks[i] = func(context.Context) error { ran[i].Store(true); return nil }
	}
	n, err := p.SubmitBatch(t.Context(), tasks)
	var full *sched.FullError
	if n != 100 || !errors.As(err, &full) {
		t.Fatalf("got %d, %v; want 100 and a FullError", n, err)
	}
	release()
	stop(t, p)
	for i := range ran {
		if got, want := ran[i].Load(), i < n; got != want {
			t.Errorf("task %d: ran %t, want %t", i, got, want)
		}
	}
}

func TestSubmitBatchWaitsForRoom(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{Queue: 10})
	tasks := make([]core.Task, 1000)
	for i := range tasks {
		tasks[i] = nothing
	}
	if n, err := p.SubmitBatch(t.Context(), tasks); n != len(tasks) || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	stop(t, p)
	if got := p.Stats().Completed; got != 1000 {
		t.Errorf("%d completed, want 1000", got)
	}
}

func TestTimeoutsBeginWithTheTask(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, sched.PoolConfig{MaxWorkers: 1, TaskTimeout: time.Second})
		release := hold(t, p, 1)
		ended := make(chan time.Duration, 3)
		until := func(ctx context.Context) error {
			start := time.Now()
			select {
			case <-ctx.Done():
			case <-time.After(time.Hour):
			}
			ended <- time.Since(start)
			return ctx.Err()
		}
		submit(t, p, until)
		submit(t, p, until, sched.WithTimeout(3*time.Second))
		submit(t, p, until, sched.WithTimeout(0))
		<-time.After(time.Minute)
		release()
		for _, want := range []time.Duration{time.Second, 3 * time.Second, time.Hour} {
			if got := <-ended; got != want {
				t.Errorf("it had %v, want %v", got, want)
			}
		}
		stop(t, p)
		if got := p.Stats(); got.Failed != 2 || got.Completed != 2 {
			t.Errorf("got %+v, want 2 failed, 2 completed", got)
		}
	})
}
