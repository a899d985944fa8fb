package core_test

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
)

func TestBackgroundKeepsTheValuesOfStartsContextAndNotItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := make(chan any, 1)
		l := core.Background("worker", func(ctx context.Context) error {
			<-time.After(time.Minute)
			got <- ctx.Value(depthKey{})
			if err := ctx.Err(); err != nil {
				t.Errorf("ended with Start's context: %v", err)
			}
			<-ctx.Done()
			return ctx.Err()
		})
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), depthKey{}, "kept"), time.Second)
		defer cancel()
		if err := l.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if v := <-got; v != "kept" {
			t.Errorf("got %v", v)
		}
		if err := l.Stop(t.Context()); err != nil {
			t.Errorf("the end of the context is no error: %v", err)
		}
	})
}

func TestBackgroundReportsAnEndBeforeStopOnce(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		run   func(context.Context) error
		want  string
		class string
	}{
		"return":   {func(context.Context) error { return nil }, `core: "worker": ended before it was stopped`, core.TypeOther},
		"error":    {first, `core: "worker": first`, core.TypeOther},
		"canceled": {func(context.Context) error { return context.Canceled }, `core: "worker": context canceled`, core.TypeCanceled},
		"panic":    {boom, `core: "worker": core: task panicked: boom`, core.TypePanic},
		"goexit":   {func(context.Context) error { runtime.Goexit(); return nil }, `core: "worker": core: task panicked or ended its goroutine`, core.TypePanic},
		"nil":      {nil, `core: "worker": core: task panicked: runtime error: invalid memory address or nil pointer dereference`, core.TypePanic},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := core.Background("worker", c.run)
				for range 2 { // and once again when started again
					if err := l.Start(t.Context()); err != nil {
						t.Fatal(err)
					}
					err := <-l.Failed()
					if err == nil || err.Error() != c.want || core.ErrorType(err) != c.class {
						t.Errorf("got %v of class %q", err, core.ErrorType(err))
					}
					expectError(t, l.Start(t.Context()), `core: "worker" is already started`)
					if err := l.Stop(t.Context()); err != nil {
						t.Errorf("reported again by Stop: %v", err)
					}
				}
				select {
				case err := <-l.Failed():
					t.Errorf("reported again: %v", err)
				default:
				}
			})
		})
	}
}

func TestBackgroundStopReturnsWhatWentWrongInStopping(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after func(context.Context) error
		want  string
	}{
		"error":  {first, `core: "worker": first`},
		"panic":  {boom, `core: "worker": core: task panicked: boom`},
		"goexit": {func(context.Context) error { runtime.Goexit(); return nil }, `core: "worker": core: task panicked or ended its goroutine`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := core.Background("worker", func(ctx context.Context) error { <-ctx.Done(); return c.after(ctx) })
				if err := l.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				expectError(t, l.Stop(t.Context()), c.want)
				select {
				case err := <-l.Failed():
					t.Errorf("reported as a failure: %v", err)
				default:
				}
			})
		})
	}
}

func TestBackgroundStopWaitsUntilTheFunctionHasReturned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := core.Background("worker", func(ctx context.Context) error {
			<-ctx.Done()
			<-time.After(time.Minute)
			return nil
		})
		if err := l.Stop(t.Context()); err != nil {
			t.Errorf("Stop without Start: %v", err)
		}
		if err := l.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := l.Stop(ctx)
		if expectError(t, err, `core: "worker" still runs`); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		expectError(t, l.Start(t.Context()), `core: "worker" still runs since it was stopped`)
		start := time.Now()
		var stops sync.WaitGroup
		for range 16 {
			stops.Go(func() {
				if err := l.Stop(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		stops.Wait()
		if got := time.Since(start); got != 59*time.Second {
			t.Errorf("waited %v", got)
		}
		for range 50 {
			if err := l.Stop(ctx); err != nil {
				t.Fatalf("it has returned, and Stop says %v", err)
			}
		}
	})
}

func TestBackgroundStartedAgainForgetsTheFailureOfBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := core.Background("worker", first)
		for range 3 {
			if err := l.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if err := l.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		<-l.Failed() // its own, and only that
		if err := l.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		select {
		case err := <-l.Failed():
			t.Errorf("a failure of before: %v", err)
		default:
		}
	})
}

func TestBackgroundLabelsItsGoroutine(t *testing.T) {
	t.Parallel()
	labels := make(chan map[string]string, 1)
	l := core.Background("worker", func(ctx context.Context) error {
		m := map[string]string{}
		pprof.ForLabels(ctx, func(k, v string) bool { m[k] = v; return true })
		labels <- m
		<-ctx.Done()
		return nil
	})
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := <-labels
	if err := l.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if want := map[string]string{"goflow.kind": "service", "goflow.name": "worker"}; !maps.Equal(got, want) {
		t.Errorf("got %v with keys %v", got, slices.Sorted(maps.Keys(got)))
	}
}
