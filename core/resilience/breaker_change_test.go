package resilience_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

func TestBreakerDropsResultsOfAnOlderGeneration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := newBreaker(t, exact)
		var old []core.Ticket
		for range 10 {
			ticket, err := b.Admit(ctx)
			if err != nil {
				t.Fatal(err)
			}
			old = append(old, ticket)
		}
		_ = do(ctx, b, 4, badly)
		b.Done(old[0], nil) // open
		pass(5 * time.Second)
		probe, err := b.Admit(ctx)
		if err != nil {
			t.Fatal(err)
		}
		b.Done(old[1], nil) // half-open: not a probe's success
		b.Done(old[2], errDown)
		requireState(t, b, resilience.HalfOpen)
		b.Done(probe, nil)
		for _, ticket := range old[3:] {
			b.Done(ticket, errDown)
		}
		requireState(t, b, resilience.Closed)
		if s := b.Stats(); s.Stale != 10 || s.WindowCalls != 0 || s.Failures != 4 || s.Successes != 1 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestBreakerObeysAnOperator(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := newBreaker(t, exact)
		b.ForceOpen(ctx)
		pass(time.Hour)
		err := b.Do(ctx, well)
		if after, known := core.RetryAfter(err); !errors.Is(err, core.ErrRejected) || !known || after != 5*time.Second {
			t.Fatalf("got %v, %v", err, after)
		}
		b.ForceClosed(ctx)
		_ = do(ctx, b, 100, badly)
		requireState(t, b, resilience.Closed)
		if s := b.Stats(); !s.Forced || s.WindowFailures != 100 {
			t.Errorf("got %+v", s)
		}
		b.Reset(ctx)
		_ = do(ctx, b, 3, badly)
		requireState(t, b, resilience.Closed)
		_ = b.Do(ctx, badly)
		requireState(t, b, resilience.Open)
		if s := b.Stats(); s.Forced {
			t.Errorf("got %+v", s)
		}
	})
}

func TestBreakerSpreadsWhenItReopens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := newBreaker(t, resilience.BreakerConfig{Consecutive: 1, OpenFor: 10 * time.Second, Jitter: 0.2})
		least, most := time.Hour, time.Duration(0)
		for range 1000 {
			b.Reset(ctx)
			_ = b.Do(ctx, badly)
			after, _ := core.RetryAfter(b.Do(ctx, well))
			least, most = min(least, after), max(most, after)
		}
		if least < 8*time.Second || least > 8100*time.Millisecond || most > 12*time.Second || most < 11900*time.Millisecond {
			t.Errorf("from %v to %v, want 8s to 12s", least, most)
		}
	})
}
