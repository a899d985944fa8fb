package resilience_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

// inTurn runs the nth of tasks the nth time.
func inTurn(tasks ...core.Task) core.Task {
	var n atomic.Int64
	return func(ctx context.Context) error { return tasks[n.Add(1)-1](ctx) }
}

func TestHedge(t *testing.T) {
	const s = time.Second
	errOther := errors.New("other")
	panics := func(context.Context) error { panic("no") }
	exits := func(context.Context) error { runtime.Goexit(); return nil }
	for name, c := range map[string]struct {
		tasks []core.Task
		extra int
		want  error // nil: success
		class string
		took  time.Duration
		stats resilience.HedgeStats
	}{
		"does nothing when the first run is in time": {
			tasks: []core.Task{taking(s-1, nil)}, took: s - 1, stats: resilience.HedgeStats{First: 1},
		},
		"takes the extra run's answer when it is first": {
			tasks: []core.Task{taking(9*s, nil), taking(2*s, nil)}, took: 3 * s, stats: resilience.HedgeStats{Extra: 1, Runs: 1},
		},
		"takes the first run's answer when it is first": {
			tasks: []core.Task{taking(2*s, nil), taking(9*s, nil)}, took: 2 * s, stats: resilience.HedgeStats{First: 1, Runs: 1},
		},
		"is no retry": {
			tasks: []core.Task{badly}, want: errDown, class: core.TypeOther, stats: resilience.HedgeStats{Failures: 1},
		},
		"waits for the other when one fails": {
			tasks: []core.Task{taking(2*s, errDown), taking(3*s, nil)}, took: 4 * s, stats: resilience.HedgeStats{Extra: 1, Runs: 1},
		},
		"gives the first run's error when all fail": {
			tasks: []core.Task{taking(3*s, errDown), taking(s, errOther)}, took: 3 * s, want: errDown, class: core.TypeOther,
			stats: resilience.HedgeStats{Failures: 1, Runs: 1},
		},
		"starts as many as it may, each as late": {
			tasks: []core.Task{taking(9*s, nil), taking(9*s, nil), taking(2*s, nil)}, extra: 2, took: 4 * s,
			stats: resilience.HedgeStats{Extra: 1, Runs: 2},
		},
		"makes an error of a panic": {
			tasks: []core.Task{panics}, class: core.TypePanic, stats: resilience.HedgeStats{Failures: 1},
		},
		"makes an error of a goroutine's end": {
			tasks: []core.Task{exits}, class: core.TypePanic, stats: resilience.HedgeStats{Failures: 1},
		},
		"succeeds although an extra run panics": {
			tasks: []core.Task{taking(2*s, nil), panics}, took: 2 * s, stats: resilience.HedgeStats{First: 1, Runs: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h, start := newHedge(t, resilience.HedgeConfig{After: s, Max: c.extra}), time.Now()
				err := h.Do(t.Context(), inTurn(c.tasks...))
				if core.ErrorType(err) != c.class || c.want != nil && !errors.Is(err, c.want) || time.Since(start) != c.took {
					t.Errorf("after %v: %v of class %q", time.Since(start), err, core.ErrorType(err))
				}
				if got := h.Stats(); got != c.stats {
					t.Errorf("got %+v, want %+v", got, c.stats)
				}
			})
		})
	}
}

func TestHedgeEndsTheOthersAndDoesNotWaitForThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, start := newHedge(t, resilience.HedgeConfig{After: time.Second}), time.Now()
		var ended time.Duration
		stubborn := func(ctx context.Context) error {
			<-ctx.Done()
			<-time.After(time.Second) // soon
			ended = time.Since(start)
			return ctx.Err()
		}
		if err := h.Do(t.Context(), inTurn(stubborn, well)); err != nil || time.Since(start) != time.Second {
			t.Fatalf("after %v: %v", time.Since(start), err)
		}
		pass(time.Second)
		if ended != 2*time.Second {
			t.Errorf("the other run ended after %v, want 2s", ended)
		}
	})
}

func TestHedgeReturnsWhenItsCallerIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, start := newHedge(t, resilience.HedgeConfig{After: 2 * time.Second}), time.Now()
		for _, after := range []time.Duration{time.Second, 3 * time.Second} { // before and after the second run starts
			ctx, cancel := context.WithTimeout(t.Context(), after)
			if err := h.Do(ctx, taking(time.Hour, nil)); err != context.DeadlineExceeded {
				t.Errorf("got %v", err)
			}
			cancel()
		}
		if time.Since(start) != 4*time.Second || h.Stats().Runs != 1 {
			t.Errorf("after %v: %+v", time.Since(start), h.Stats())
		}
	})
}

func TestHedgeMeasuresWhenToAskAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHedge(t, resilience.HedgeConfig{MinSamples: 100, Budget: -1})
		for i := range 100 {
			if h.After() != 0 {
				t.Fatalf("hedges after %d samples", i)
			}
			_ = h.Do(t.Context(), taking(time.Duration(i+1)*time.Millisecond, nil))
			_ = h.Do(t.Context(), badly) // says nothing about latency
		}
		if after := h.After(); after < 95*time.Millisecond || after > 102*time.Millisecond {
			t.Errorf("After is %v, want 95ms and at most a sixteenth more", after)
		}
		for range 2000 { // what it hedges must not make it believe that all is fast
			slow := rand.IntN(100) < 10
			_ = h.Do(t.Context(), inTurn(taking(map[bool]time.Duration{true: time.Second, false: 10 * time.Millisecond}[slow], nil), taking(10*time.Millisecond, nil)))
			synctest.Wait()
		}
		if after := h.After(); after < 20*time.Millisecond {
			t.Errorf("After is %v: fell to what hedged calls take", after)
		}
		if s := h.Stats(); s.Extra < 100 || s.Extra > 300 {
			t.Errorf("got %+v, want about 200 calls saved", s)
		}
	})
}

func TestHedgeKeepsToItsBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHedge(t, resilience.HedgeConfig{After: time.Millisecond, Budget: 0.1, MinPerSecond: -1})
		var wg sync.WaitGroup
		for range 5000 { // 50 s, all late
			wg.Go(func() { _ = h.Do(t.Context(), taking(time.Second, nil)) })
			<-time.After(10 * time.Millisecond)
		}
		wg.Wait()
		if s := h.Stats(); s.Runs < 450 || s.Runs > 500 || s.Runs+s.OverBudget != 5000 {
			t.Errorf("got %+v, want a tenth of 5000 runs", s)
		}
	})
}

func TestHedgeContainsPanicsWhileItMeasures(t *testing.T) {
	t.Parallel()
	h := newHedge(t, resilience.HedgeConfig{})
	err := h.Do(t.Context(), func(context.Context) error { panic("no") })
	if core.ErrorType(err) != core.TypePanic || h.Stats().Failures != 1 {
		t.Errorf("got %v, %+v", err, h.Stats())
	}
}

func TestHedgeUnderRaces(t *testing.T) {
	t.Parallel()
	const callers, calls = 16, 500
	h := newHedge(t, resilience.HedgeConfig{After: time.Microsecond, Max: 3, Budget: -1})
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := range calls {
				var runs atomic.Int64
				v, err := core.Call(t.Context(), h, func(ctx context.Context) (int, error) {
					if runs.Add(1) < 3 && rand.IntN(2) == 0 { // a later run answers
						return -1, taking(time.Hour, nil)(ctx)
					}
					return i, nil
				})
				if err != nil || v != i {
					t.Errorf("got %d, %v, want %d", v, err, i)
				}
			}
		})
	}
	wg.Wait()
	if s := h.Stats(); s.First+s.Extra != callers*calls {
		t.Errorf("got %+v", s)
	}
}
