package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

// plain has no chance in it, and no budget.
var plain = resilience.RetryConfig{Jitter: resilience.JitterNone, Budget: -1}

// comeBack is an error that knows when.
type comeBack struct{ after time.Duration }

func (e comeBack) Error() string             { return "busy" }
func (e comeBack) RetryAfter() time.Duration { return e.after }

// attempts is a task that fails with errs in turn, then succeeds, and notes when it was run.
type attempts struct {
	start time.Time
	at    []time.Duration
	errs  []error
}

func failing(errs ...error) *attempts { return &attempts{start: time.Now(), errs: errs} }

func (a *attempts) run(context.Context) error {
	a.at = append(a.at, time.Since(a.start))
	if n := len(a.at); n <= len(a.errs) {
		return a.errs[n-1]
	}
	return nil
}

func TestRetryWaitsLongerEachTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := plain
		cfg.MaxAttempts, cfg.BaseDelay, cfg.MaxDelay, cfg.Multiplier = 6, time.Second, 5*time.Second, 2
		r, task := newRetry(t, cfg), failing(errDown, errDown, errDown, errDown, errDown)
		if err := r.Do(t.Context(), task.run); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 12 * time.Second, 17 * time.Second}
		if !slices.Equal(task.at, want) {
			t.Errorf("attempts at %v, want %v", task.at, want)
		}
		if s := r.Stats(); s.Recovered != 1 || s.Failures != 5 || s.Retries != 5 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestRetryGivesUp(t *testing.T) {
	gone := errors.New("operator said stop")
	for name, c := range map[string]struct {
		cfg      func(*resilience.RetryConfig)
		ctx      func(context.Context) (context.Context, context.CancelFunc)
		err      error
		attempts int
		after    time.Duration
		text     string
		is       []error
	}{
		"after MaxAttempts": {
			attempts: 3, after: 300 * time.Millisecond,
			text: `resilience: retry "payments" gave up after 3 attempts: down`,
		},
		"at once when there is but one": {
			cfg: func(c *resilience.RetryConfig) { c.MaxAttempts = 1 }, attempts: 1,
			text: `resilience: retry "payments" gave up after 1 attempt: down`,
		},
		"at once when the delay would pass the deadline": {
			ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 300*time.Millisecond)
			},
			attempts: 2, after: 100 * time.Millisecond, is: []error{context.DeadlineExceeded},
			text: `gave up after 2 attempts (the next, in 200ms, would pass the deadline): down`,
		},
		"at once when the delay would pass MaxElapsed": {
			cfg:      func(c *resilience.RetryConfig) { c.MaxElapsed = 299 * time.Millisecond },
			attempts: 2, after: 100 * time.Millisecond,
			text: `gave up after 2 attempts (the next, in 200ms, would pass MaxElapsed, 299ms): down`,
		},
		"at once when told to wait for longer than MaxDelay": {
			err: comeBack{11 * time.Second}, attempts: 1,
			text: `gave up after 1 attempt (told to wait 11s, MaxDelay is 10s): busy`,
		},
		"at once when told to wait for longer than the deadline": {
			ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 5*time.Second)
			},
			err: comeBack{5 * time.Second}, attempts: 1, is: []error{context.DeadlineExceeded},
			text: `gave up after 1 attempt (the next, in 5.1s, would pass the deadline): busy`,
		},
		"when the caller ends the wait": {
			ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(250*time.Millisecond, func() { cancel(gone) })
				return ctx, func() { cancel(nil) }
			},
			attempts: 2, after: 250 * time.Millisecond, is: []error{gone},
			text: `gave up after 2 attempts (the caller ended the wait): down`,
		},
		"when the budget is spent": {
			cfg:      func(c *resilience.RetryConfig) { c.Budget, c.MinPerSecond = 1e-9, 0.1 },
			attempts: 2, after: 100 * time.Millisecond,
			text: `gave up after 2 attempts (the budget for retries is spent): down`,
		},
		"when told so later": {
			err: fmt.Errorf("charge: %w", resilience.Permanent(errDown)), attempts: 1,
			text: "charge: down",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cfg := plain
				if c.cfg != nil {
					c.cfg(&cfg)
				}
				ctx := t.Context()
				if c.ctx != nil {
					var cancel context.CancelFunc
					ctx, cancel = c.ctx(ctx)
					defer cancel()
				}
				if c.err == nil {
					c.err = errDown
				}
				r, task := newRetry(t, cfg), failing(slices.Repeat([]error{c.err}, 100)...)
				err := r.Do(ctx, task.run)
				if took := time.Since(task.start); took != c.after || len(task.at) != c.attempts {
					t.Errorf("%d attempts in %v, want %d in %v", len(task.at), took, c.attempts, c.after)
				}
				if err == nil || !strings.HasSuffix(err.Error(), c.text) {
					t.Fatalf("got %q, want %q", err, c.text)
				}
				for _, target := range append(c.is, c.err) {
					if !errors.Is(err, target) {
						t.Errorf("%v does not match %v", err, target)
					}
				}
				detail, typed := errors.AsType[*resilience.RetryError](err)
				if typed && (detail.Retry != "payments" || detail.Attempts != c.attempts) {
					t.Errorf("got %+v", detail)
				}
			})
		})
	}
}

func TestRetryWaitsAsLongAsItIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, task := newRetry(t, plain), failing(fmt.Errorf("charge: %w", comeBack{7 * time.Second}), comeBack{-time.Hour})
		if err := r.Do(t.Context(), task.run); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{0, 7100 * time.Millisecond, 7300 * time.Millisecond} // and the delay
		if !slices.Equal(task.at, want) {
			t.Errorf("attempts at %v, want %v", task.at, want)
		}
	})
}

func TestRetryKnowsWhatNotToRetry(t *testing.T) {
	open := &resilience.OpenError{Breaker: "payments"}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"anything":                             {errDown, true},
		"nothing":                              {nil, false},
		"a config or an argument":              {fmt.Errorf("charge: %w", core.ErrInvalid), false},
		"something closed":                     {core.ErrClosed, false},
		"a contained panic":                    {&core.PanicError{Value: "no"}, false},
		"an aborted task":                      {core.ErrAborted, false},
		"a rejection":                          {core.ErrRejected, false},
		"a rejection that knows when":          {open, true},
		"an attempt's own timeout":             {context.DeadlineExceeded, true},
		"a rejection that knows when, wrapped": {fmt.Errorf("charge: %w", open), true},
	} {
		if got := resilience.Retryable(c.err); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestRetryDoesNotRetryForACallerWhoIsGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r := newRetry(t, plain, resilience.WithRetryable(func(error) bool { return true }))
	runs := 0
	err := r.Do(ctx, func(ctx context.Context) error { runs++; cancel(); return ctx.Err() })
	if runs != 1 || err != context.Canceled || r.Stats().Cancelled != 1 {
		t.Errorf("%d runs, error %v, %+v", runs, err, r.Stats())
	}
}

func TestRetryLetsAPanicGoOn(t *testing.T) {
	t.Parallel()
	r := newRetry(t, plain)
	func() {
		defer func() {
			if v := recover(); v != "no" {
				t.Errorf("recovered %v", v)
			}
		}()
		_ = r.Do(t.Context(), func(context.Context) error { panic("no") })
	}()
	if s := r.Stats(); s.NotRetryable != 1 || s.Failures != 1 {
		t.Errorf("got %+v", s)
	}
}

func TestPermanentOfNothingIsNothing(t *testing.T) {
	t.Parallel()
	if err := resilience.Permanent(nil); err != nil {
		t.Error(err)
	}
}

func TestRetryAllocatesNothingOnSuccess(t *testing.T) {
	r, ctx := newRetry(t, resilience.RetryConfig{MaxElapsed: time.Hour}), t.Context()
	if n := testing.AllocsPerRun(1000, func() { _ = r.Do(ctx, well) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestRetryDelaysKeepToTheirBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "base"))
		cfg := resilience.RetryConfig{
			BaseDelay:  base,
			MaxDelay:   base * time.Duration(rapid.IntRange(1, 100).Draw(t, "max")),
			Multiplier: rapid.Float64Range(1, 10).Draw(t, "multiplier"),
			Jitter:     rapid.SampledFrom([]resilience.Jitter{resilience.JitterFull, resilience.JitterDecorrelated, resilience.JitterNone}).Draw(t, "jitter"),
		}
		n := rapid.IntRange(1, 2000).Draw(t, "n")
		last := time.Duration(rapid.Int64Range(0, int64(cfg.MaxDelay)).Draw(t, "last"))
		least, most := time.Duration(0), time.Duration(min(float64(base)*math.Pow(cfg.Multiplier, float64(n-1)), float64(cfg.MaxDelay)))
		switch cfg.Jitter {
		case resilience.JitterNone:
			least = most
		case resilience.JitterDecorrelated:
			least, most = base, min(3*max(last, base), cfg.MaxDelay)
		}
		if d := resilience.Delay(cfg, n, last); d < least || d > most {
			t.Fatalf("delay %v, want %v to %v", d, least, most)
		}
	})
}

func TestRetryDelaysAreSpreadEvenly(t *testing.T) {
	t.Parallel()
	for jitter, want := range map[resilience.Jitter][2]time.Duration{
		resilience.JitterFull:         {0, 4 * time.Second},
		resilience.JitterDecorrelated: {time.Second, 6 * time.Second},
	} {
		const samples, parts = 40_000, 10
		var hits [parts]int
		cfg := resilience.RetryConfig{BaseDelay: time.Second, Jitter: jitter}
		for range samples {
			d := resilience.Delay(cfg, 3, 2*time.Second)
			hits[(d-want[0])*parts/(want[1]-want[0])]++
		}
		for part, n := range hits { // 4,000 expected, standard deviation 60
			if n < 3_600 || n > 4_400 {
				t.Errorf("%v: %d of %d delays in part %d of %d", jitter, n, samples, part, parts)
			}
		}
	}
}

func TestJitterReadsAndPrintsAsText(t *testing.T) {
	t.Parallel()
	for _, want := range []resilience.Jitter{resilience.JitterFull, resilience.JitterDecorrelated, resilience.JitterNone} {
		var got resilience.Jitter
		text, err := want.MarshalText()
		if err != nil || got.UnmarshalText(text) != nil || got != want {
			t.Errorf("%v became %q, %v", want, text, got)
		}
	}
	j := resilience.JitterNone
	if err := j.UnmarshalText(nil); err != nil || j != resilience.JitterFull {
		t.Errorf("nothing became %v, %v", j, err)
	}
	if err := j.UnmarshalText([]byte("some")); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if got := resilience.Jitter(9).String(); got != "Jitter(9)" {
		t.Error(got)
	}
}
