package resilience_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

// seen is a limit that notes calls and may refuse them.
type seen struct {
	calls int
	err   error
}

func (s *seen) Do(ctx context.Context, task core.Task) error {
	if s.calls++; s.err != nil {
		return s.err
	}
	return task(ctx)
}

func TestStandardGivesEachAttemptItsTimeAndTheCallAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := &seen{}
		s := newStandard(t, resilience.StandardConfig{
			Timeout: 10 * time.Second, AttemptTimeout: 4 * time.Second,
			Retry: resilience.RetryConfig{MaxAttempts: 9, BaseDelay: time.Millisecond, Jitter: resilience.JitterNone},
		}, resilience.WithLimiter(limit))
		start := time.Now()
		var left []time.Duration
		err := s.Do(t.Context(), func(ctx context.Context) error {
			deadline, _ := ctx.Deadline()
			left = append(left, time.Until(deadline))
			<-ctx.Done()
			return ctx.Err()
		})
		if len(left) != 3 || left[0] != 4*time.Second || left[1] != 4*time.Second || left[2] != 2*time.Second-3*time.Millisecond {
			t.Errorf("attempts had %v", left)
		}
		if time.Since(start) != 10*time.Second || !errors.Is(err, context.DeadlineExceeded) || core.ErrorType(err) != core.TypeTimeout {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if limit.calls != 1 {
			t.Errorf("the limit saw %d calls, want one for all attempts", limit.calls)
		}
		if b := s.Breaker().Stats(); b.Failures != 3 {
			t.Errorf("the breaker counts %+v, want each attempt", b)
		}
		if r := s.Retry().Stats(); r.Cancelled != 1 || r.Failures != 3 {
			t.Errorf("the retry counts %+v", r)
		}
	})
}

func TestStandardAsksAnOpenBreakerOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStandard(t, resilience.StandardConfig{Breaker: resilience.BreakerConfig{Consecutive: 1}})
		runs := 0
		err := s.Do(t.Context(), func(context.Context) error { runs++; return errDown })
		start := time.Now()
		again := s.Do(t.Context(), func(context.Context) error { runs++; return errDown })
		if runs != 1 || time.Since(start) != 0 || !errors.Is(err, core.ErrRejected) || !errors.Is(again, core.ErrRejected) {
			t.Errorf("%d runs in %v: %v; %v", runs, time.Since(start), err, again)
		}
		if _, known := core.RetryAfter(again); !known || core.ErrorType(again) != core.TypeBreakerOpen {
			t.Errorf("%v does not say when to come back", again)
		}
	})
}

func TestStandardIsNotEnteredWhenTheLimitRefuses(t *testing.T) {
	t.Parallel()
	s := newStandard(t, resilience.StandardConfig{}, resilience.WithLimiter(&seen{err: core.ErrRejected}))
	if err := s.Do(t.Context(), well); err != core.ErrRejected || s.Breaker().Stats().Successes != 0 {
		t.Errorf("got %v", err)
	}
}

func TestStandardGivesItsPartsTheirOptions(t *testing.T) {
	t.Parallel()
	s := newStandard(t, resilience.StandardConfig{Breaker: resilience.BreakerConfig{Consecutive: 1}},
		resilience.WithRetryable(func(error) bool { return false }),
		resilience.WithIsFailure(func(error) bool { return false }))
	if err := do(t.Context(), s, 2, badly); err != errDown {
		t.Errorf("got %v", err)
	}
	if s.Retry().Stats().NotRetryable != 2 || s.Breaker().State() != resilience.Closed {
		t.Errorf("got %+v, %v", s.Retry().Stats(), s)
	}
	if s.Name() != "payments" || s.String() != `standard "payments": breaker closed` {
		t.Errorf("got %v", s)
	}
}

func TestStandardRefusesANameTooLongForItsParts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", strings.Repeat("n", 121), strings.Repeat("n", 129)} {
		if _, err := resilience.NewStandard(name, resilience.StandardConfig{}); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%d bytes: got %v", len(name), err)
		}
	}
}
