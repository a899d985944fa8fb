package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

func TestTimeoutEndsATask(t *testing.T) {
	for name, c := range map[string]struct {
		task core.Task
		text string
		is   error
	}{
		"that returns its context's error": {
			taking(time.Hour, nil), `resilience: timeout "payments" passed after 2s`, context.DeadlineExceeded,
		},
		"that returns an error of its own": {
			func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("charge: %w", errDown) },
			`resilience: timeout "payments" passed after 2s: charge: down`, errDown,
		},
		"that returns the cause": {
			func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("charge: %w", context.Cause(ctx)) },
			`charge: resilience: timeout "payments" passed after 2s`, context.DeadlineExceeded,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, start := newTimeout(t, 2*time.Second), time.Now()
				err := p.Do(t.Context(), c.task)
				if time.Since(start) != 2*time.Second || err == nil || err.Error() != c.text {
					t.Fatalf("after %v: %v, want %q", time.Since(start), err, c.text)
				}
				passed, typed := errors.AsType[*resilience.TimeoutError](err)
				if !typed || passed.Timeout != "payments" || passed.After != 2*time.Second {
					t.Errorf("got %+v", passed)
				}
				if !errors.Is(err, c.is) || !errors.Is(err, context.DeadlineExceeded) || core.ErrorType(err) != core.TypeTimeout {
					t.Errorf("%v matches too little, class %s", err, core.ErrorType(err))
				}
				if s := p.Stats(); s != (resilience.TimeoutStats{TimedOut: 1}) {
					t.Errorf("got %+v", s)
				}
			})
		})
	}
}

func TestTimeoutTellsItselfFromItsCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTimeout(t, 2*time.Second)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Do(short, taking(time.Hour, nil)); err != context.DeadlineExceeded {
			t.Errorf("the caller's deadline: got %v", err)
		}
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		if err := p.Do(gone, taking(time.Hour, nil)); err != context.Canceled {
			t.Errorf("the caller's end: got %v", err)
		}
		if s := p.Stats(); s != (resilience.TimeoutStats{Failures: 2}) {
			t.Errorf("got %+v", s)
		}
	})
}

func TestTimeoutsNest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outer, inner := newTimeout(t, 2*time.Second), newTimeout(t, 3*time.Second)
		start := time.Now()
		err := core.Compose(outer, inner).Do(t.Context(), taking(time.Hour, nil))
		if time.Since(start) != 2*time.Second || outer.Stats().TimedOut != 1 || inner.Stats().TimedOut != 0 {
			t.Errorf("after %v: %v; %+v, %+v", time.Since(start), err, outer.Stats(), inner.Stats())
		}
	})
}

func TestTimeoutOnlyShortens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTimeout(t, 2*time.Second)
		for after, want := range map[time.Duration]time.Duration{time.Second: time.Second, 2 * time.Second: 2 * time.Second, time.Hour: 2 * time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			_ = p.Do(ctx, func(ctx context.Context) error {
				deadline, ok := ctx.Deadline()
				if left := time.Until(deadline); !ok || left != want {
					t.Errorf("under %v: %v left, want %v", after, left, want)
				}
				return nil
			})
			cancel()
		}
	})
}

func TestTimeoutLeavesATaskThatIsInTimeAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTimeout(t, 2*time.Second)
		if err := p.Do(t.Context(), taking(2*time.Second-1, nil)); err != nil {
			t.Error(err)
		}
		if err := p.Do(t.Context(), badly); err != errDown {
			t.Errorf("got %v", err)
		}
		late := func(ctx context.Context) error { <-ctx.Done(); return nil }
		if err := p.Do(t.Context(), late); err != nil {
			t.Errorf("late, but a success: got %v", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = p.Do(t.Context(), func(context.Context) error { panic("no") })
		}()
		if s := p.Stats(); s != (resilience.TimeoutStats{Successes: 2, Failures: 2}) {
			t.Errorf("got %+v", s)
		}
	})
}
