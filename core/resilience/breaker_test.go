package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

// exact has no chance in it.
var exact = resilience.BreakerConfig{MinCalls: 4, OpenFor: 5 * time.Second, Jitter: -1}

func requireState(t *testing.T, b *resilience.Breaker, want resilience.State) {
	t.Helper()
	if got := b.State(); got != want {
		t.Fatalf("state is %v, want %v", got, want)
	}
}

func TestBreakerOpensAtTheFailureRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := newBreaker(t, resilience.BreakerConfig{FailureRate: 0.5, MinCalls: 10, Jitter: -1})
		_ = do(ctx, b, 6, well)
		_ = do(ctx, b, 5, badly)
		requireState(t, b, resilience.Closed) // 5 of 11
		_ = b.Do(ctx, badly)
		requireState(t, b, resilience.Open) // 6 of 12

		ran := false
		err := b.Do(ctx, func(context.Context) error { ran = true; return nil })
		open, ok := errors.AsType[*resilience.OpenError](err)
		if ran || !ok || !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeBreakerOpen {
			t.Fatalf("ran %v, error %v of class %s", ran, err, core.ErrorType(err))
		}
		if open.Breaker != "payments" || open.State != resilience.Open {
			t.Errorf("got %+v", open)
		}
		pass(2 * time.Second)
		if after, known := core.RetryAfter(err); !known || after != 3*time.Second {
			t.Errorf("RetryAfter is %v, %v, want 3s", after, known)
		}
		if want := `resilience: breaker "payments" is open, retry in 3s`; err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	})
}

func TestBreakerStaysClosedBelowMinCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(t, exact)
		_ = do(t.Context(), b, 3, badly)
		requireState(t, b, resilience.Closed)
		_ = b.Do(t.Context(), badly)
		requireState(t, b, resilience.Open)
	})
}

func TestBreakerForgetsWhatIsOlderThanItsWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := newBreaker(t, exact) // a window of 10 s
		_ = do(ctx, b, 3, badly)
		pass(10 * time.Second) // idle
		_ = do(ctx, b, 3, badly)
		requireState(t, b, resilience.Closed)
		if s := b.Stats(); s.WindowCalls != 3 || s.Failures != 6 {
			t.Errorf("got %+v", s)
		}
		pass(9*time.Second - 1) // still held
		_ = b.Do(ctx, badly)
		requireState(t, b, resilience.Open)
	})
}

func TestBreakerForgetsSuccessesWithoutReadingTheClockForThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := newBreaker(t, exact)
		for range 20 { // in 20 s: half of them is out of the window
			_ = do(ctx, b, 10, well)
			pass(time.Second)
		}
		if s := b.Stats(); s.WindowCalls != 90 || s.Successes != 200 { // the tenth bucket has just begun
			t.Errorf("got %+v", s)
		}
		pass(9 * time.Second)
		if s := b.Stats(); s.WindowCalls != 0 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestBreakerOpensAtTheRateOfSlowCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := newBreaker(t, resilience.BreakerConfig{MinCalls: 4, SlowCall: time.Second, SlowRate: 0.5, Jitter: -1})
		_ = do(ctx, b, 2, well)
		_ = do(ctx, b, 1, taking(time.Second-1, nil))
		_ = do(ctx, b, 2, taking(time.Second, nil))
		requireState(t, b, resilience.Closed) // 2 of 5
		_ = do(ctx, b, 1, taking(time.Minute, nil))
		requireState(t, b, resilience.Closed) // the others are out of the window
		_ = do(ctx, b, 3, taking(time.Second, nil))
		requireState(t, b, resilience.Open)
		if s := b.Stats(); s.Slow != 6 || s.Failures != 0 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestBreakerOpensAfterFailuresInARow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := newBreaker(t, resilience.BreakerConfig{Consecutive: 3, Jitter: -1})
		for range 5 {
			_ = do(ctx, b, 2, badly)
			_ = b.Do(ctx, well)
		}
		requireState(t, b, resilience.Closed)
		_ = do(ctx, b, 2, badly)
		pass(time.Hour) // a row has no age
		_ = b.Do(ctx, badly)
		requireState(t, b, resilience.Open)
	})
}

func TestBreakerProbesOneAtATimeAndRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		cfg := exact
		cfg.ProbeSuccesses = 2
		b := newBreaker(t, cfg)
		_ = do(ctx, b, 4, badly)
		pass(5*time.Second - 1)
		if err := b.Do(ctx, well); !errors.Is(err, core.ErrRejected) {
			t.Fatalf("got %v, want a rejection 1 ns before the time", err)
		}
		pass(1)
		for range 2 {
			probe, err := b.Admit(ctx)
			if err != nil {
				t.Fatal(err)
			}
			requireState(t, b, resilience.HalfOpen)
			second := b.Do(ctx, well)
			if after, known := core.RetryAfter(second); !errors.Is(second, core.ErrRejected) || !known || after != 0 {
				t.Fatalf("got %v, want a rejection while the probe runs", second)
			}
			if want := `resilience: breaker "payments" is half-open, and its probes are running`; second.Error() != want {
				t.Errorf("got %q, want %q", second, want)
			}
			b.Done(probe, nil)
		}
		requireState(t, b, resilience.Closed)
		_ = do(ctx, b, 3, badly)
		requireState(t, b, resilience.Closed) // the old counts are gone
	})
}

func TestBreakerOpensAgainWhenAProbeDoesNotSucceed(t *testing.T) {
	for name, task := range map[string]core.Task{
		"fails":               badly,
		"panics":              func(context.Context) error { panic("no") },
		"ends its goroutine":  func(context.Context) error { runtime.Goexit(); return nil },
		"is slow":             taking(time.Minute, nil),
		"is over an own time": func(context.Context) error { return context.DeadlineExceeded },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				cfg := exact
				cfg.SlowCall = time.Minute
				b := newBreaker(t, cfg)
				_ = do(ctx, b, 4, badly)
				pass(5 * time.Second)
				end := make(chan struct{})
				go func() {
					defer close(end)
					defer func() { _ = recover() }()
					_ = b.Do(ctx, task)
				}()
				<-end
				requireState(t, b, resilience.Open)
				pass(5 * time.Second) // the slot is free
				if err := b.Do(ctx, well); err != nil {
					t.Fatal(err)
				}
				requireState(t, b, resilience.Closed)
			})
		})
	}
}

func TestBreakerIgnoresWhatSaysNothing(t *testing.T) {
	for _, err := range []error{
		context.Canceled, fmt.Errorf("search: %w", context.Canceled), core.ErrInvalid,
		fmt.Errorf("limit: %w", core.ErrRejected),
	} {
		t.Run(err.Error(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				b := newBreaker(t, exact, resilience.WithIsFailure(func(error) bool { return true }))
				nothing := func(context.Context) error { return err }
				_ = do(ctx, b, 10, nothing)
				requireState(t, b, resilience.Closed)
				_ = do(ctx, b, 4, badly)
				pass(5 * time.Second)
				_ = b.Do(ctx, nothing) // neither closes nor opens, and frees the slot
				requireState(t, b, resilience.HalfOpen)
				_ = b.Do(ctx, well)
				requireState(t, b, resilience.Closed)
				if s := b.Stats(); s.Ignored != 11 || s.Failures != 4 || s.Successes != 1 {
					t.Errorf("got %+v", s)
				}
			})
		})
	}
}

func TestBreakerAsksWhatIsAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		errNotFound := errors.New("not found")
		b := newBreaker(t, exact, resilience.WithIsFailure(func(err error) bool {
			if err.Error() == "odd" {
				panic("what is this?")
			}
			return !errors.Is(err, errNotFound)
		}))
		_ = do(ctx, b, 4, func(context.Context) error { return errNotFound })
		requireState(t, b, resilience.Closed)
		_ = do(ctx, b, 4, func(context.Context) error { return errors.New("odd") })
		requireState(t, b, resilience.Open)
		pass(5 * time.Second)
		_ = b.Do(ctx, func(context.Context) error { return errNotFound }) // who answers is there
		requireState(t, b, resilience.Closed)
		if s := b.Stats(); s.Successes != 5 || s.Failures != 4 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestBreakerWorksInABubbleItWasNotMadeIn(t *testing.T) {
	t.Parallel()
	b := newBreaker(t, resilience.BreakerConfig{MinCalls: 1000})
	for range 3 {
		synctest.Test(t, func(t *testing.T) {
			for range 30 {
				_ = do(t.Context(), b, 5, well)
				_ = b.Do(t.Context(), badly)
				pass(time.Second)
			}
		})
	}
	_ = b.Do(t.Context(), badly)
	requireState(t, b, resilience.Closed)
}

func TestBreakerAllocatesNothing(t *testing.T) {
	ctx := t.Context()
	open := newBreaker(t, resilience.BreakerConfig{Consecutive: 1, OpenFor: time.Hour})
	_ = open.Do(ctx, badly)
	newest := newBreaker(t, resilience.BreakerConfig{})
	patient := newBreaker(t, resilience.BreakerConfig{MinCalls: 1 << 40})
	timed := newBreaker(t, resilience.BreakerConfig{SlowCall: time.Minute})
	stack := core.Compose(free{}, newBreaker(t, resilience.BreakerConfig{}), free{})
	value := func(context.Context) (int, error) { return 1, nil }
	for name, f := range map[string]func(){
		"success":   func() { _ = newest.Do(ctx, well) },
		"failure":   func() { _ = patient.Do(ctx, badly) },
		"slow":      func() { _ = timed.Do(ctx, well) },
		"rejection": func() { _ = open.Do(ctx, well) },
		"stack":     func() { _, _ = core.Call(ctx, stack, value) },
	} {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestBreakerSaysWhatItIs(t *testing.T) {
	t.Parallel()
	b := newBreaker(t, exact)
	if got := fmt.Sprintf("%v %v %v %v", b, b.Name(), resilience.HalfOpen, resilience.State(9)); got != `breaker "payments": closed payments half_open State(9)` {
		t.Errorf("got %s", got)
	}
}
