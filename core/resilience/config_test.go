package resilience_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

// tooLong does not fit a time.
const tooLong = time.Duration(math.MaxInt64)

func TestWrongConfigsAreErrorsThatNameTheField(t *testing.T) {
	t.Parallel()
	breaker := func(c resilience.BreakerConfig) error { return made(resilience.NewBreaker("payments", c)) }
	retry := func(c resilience.RetryConfig) error { return made(resilience.NewRetry("payments", c)) }
	timeout := func(d time.Duration) error {
		return made(resilience.NewTimeout("payments", resilience.TimeoutConfig{Timeout: d}))
	}
	hedge := func(c resilience.HedgeConfig) error { return made(resilience.NewHedge("payments", c)) }
	standard := func(c resilience.StandardConfig) error { return made(resilience.NewStandard("payments", c)) }
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		want string
		err  error
	}{
		{"FailureRate must be above 0 and at most 1, got -0.1", breaker(resilience.BreakerConfig{FailureRate: -0.1})},
		{"FailureRate must be above 0 and at most 1, got 50", breaker(resilience.BreakerConfig{FailureRate: 50})},
		{"FailureRate must be above 0 and at most 1, got NaN", breaker(resilience.BreakerConfig{FailureRate: nan})},
		{"SlowRate must be above 0 and at most 1, got +Inf", breaker(resilience.BreakerConfig{SlowCall: 1, SlowRate: inf})},
		{"SlowRate must not be set without SlowCall", breaker(resilience.BreakerConfig{SlowRate: 0.5})},
		{"SlowCall must not be negative, got -1ns", breaker(resilience.BreakerConfig{SlowCall: -1})},
		{"MinCalls must not be negative, got -1", breaker(resilience.BreakerConfig{MinCalls: -1})},
		{"Window must be at least 10ms, got 9ms", breaker(resilience.BreakerConfig{Window: 9 * time.Millisecond})},
		{"Window must be at least 10ms, got -1s", breaker(resilience.BreakerConfig{Window: -time.Second})},
		{"Window must be at most 87600h0m0s", breaker(resilience.BreakerConfig{Window: tooLong})},
		{"Consecutive must not be negative, got -1", breaker(resilience.BreakerConfig{Consecutive: -1})},
		{"Consecutive must not be set with FailureRate", breaker(resilience.BreakerConfig{Consecutive: 3, FailureRate: 0.5})},
		{"Consecutive must not be set with FailureRate", breaker(resilience.BreakerConfig{Consecutive: 3, SlowCall: time.Second})},
		{"OpenFor must not be negative, got -1s", breaker(resilience.BreakerConfig{OpenFor: -time.Second})},
		{"OpenFor must be at most 87600h0m0s", breaker(resilience.BreakerConfig{OpenFor: tooLong})},
		{"Jitter must be at most 1, got 1.5", breaker(resilience.BreakerConfig{Jitter: 1.5})},
		{"Jitter must be at most 1, got NaN", breaker(resilience.BreakerConfig{Jitter: nan})},
		{"Probes must not be negative, got -1", breaker(resilience.BreakerConfig{Probes: -1})},
		{"ProbeSuccesses must not be negative, got -1", breaker(resilience.BreakerConfig{ProbeSuccesses: -1})},

		{"MaxAttempts must not be negative, got -1", retry(resilience.RetryConfig{MaxAttempts: -1})},
		{"BaseDelay must not be negative, got -1ns", retry(resilience.RetryConfig{BaseDelay: -1})},
		{"MaxDelay must not be negative, got -1ns", retry(resilience.RetryConfig{MaxDelay: -1})},
		{"MaxDelay must be at most 87600h0m0s", retry(resilience.RetryConfig{MaxDelay: tooLong})},
		{"BaseDelay must be at most MaxDelay, 10s, got 1m0s", retry(resilience.RetryConfig{BaseDelay: time.Minute})},
		{"BaseDelay must be at most MaxDelay, 1ms, got 100ms", retry(resilience.RetryConfig{MaxDelay: time.Millisecond})},
		{"Multiplier must be at least 1, and finite, got 0.5", retry(resilience.RetryConfig{Multiplier: 0.5})},
		{"Multiplier must be at least 1, and finite, got NaN", retry(resilience.RetryConfig{Multiplier: nan})},
		{"Multiplier must be at least 1, and finite, got +Inf", retry(resilience.RetryConfig{Multiplier: inf})},
		{"Jitter must be one of full, decorrelated, none, got Jitter(3)", retry(resilience.RetryConfig{Jitter: 3})},
		{"MaxElapsed must not be negative, got -1ns", retry(resilience.RetryConfig{MaxElapsed: -1})},
		{"Budget must be a finite number, got NaN", retry(resilience.RetryConfig{Budget: nan})},
		{"MinPerSecond must be a finite number, got +Inf", retry(resilience.RetryConfig{MinPerSecond: inf})},

		{"Timeout must be above 0, got 0s", timeout(0)},
		{"Timeout must be above 0, got -1ns", timeout(-1)},

		{"After must not be negative, got -1ns", hedge(resilience.HedgeConfig{After: -1})},
		{"Quantile must be above 0 and below 1, got 1", hedge(resilience.HedgeConfig{Quantile: 1})},
		{"Quantile must be above 0 and below 1, got NaN", hedge(resilience.HedgeConfig{Quantile: nan})},
		{"Quantile must not be set with After, got 0.5", hedge(resilience.HedgeConfig{After: 1, Quantile: 0.5})},
		{"MinSamples must not be negative, got -1", hedge(resilience.HedgeConfig{MinSamples: -1})},
		{"MinSamples must be at most 1000000, got 1000001", hedge(resilience.HedgeConfig{MinSamples: 1_000_001})},
		{"Max must not be negative, got -1", hedge(resilience.HedgeConfig{Max: -1})},
		{"Max must be at most 100, got 101", hedge(resilience.HedgeConfig{Max: 101})},
		{"Budget must be a finite number, got +Inf", hedge(resilience.HedgeConfig{Budget: inf})},

		{"Timeout must not be negative, got -1s", standard(resilience.StandardConfig{Timeout: -time.Second})},
		{"AttemptTimeout must not be negative, got -1ns", standard(resilience.StandardConfig{AttemptTimeout: -1})},
		{"AttemptTimeout must be at most Timeout, 10s, got 11s", standard(resilience.StandardConfig{AttemptTimeout: 11 * time.Second})},
		{"Retry: MaxAttempts must not be negative, got -2", standard(resilience.StandardConfig{Retry: resilience.RetryConfig{MaxAttempts: -2}})},
		{"Breaker: Probes must not be negative, got -2", standard(resilience.StandardConfig{Breaker: resilience.BreakerConfig{Probes: -2}})},

		{"name must not be empty", made(resilience.NewBreaker("", resilience.BreakerConfig{}))},
		{"name must not be empty", made(resilience.NewRetry("", resilience.RetryConfig{}))},
		{"name must not be empty", made(resilience.NewTimeout("", resilience.TimeoutConfig{Timeout: 1}))},
		{"name must not be empty", made(resilience.NewHedge("", resilience.HedgeConfig{}))},
		{"otherwise must not be nil", made(resilience.NewFallback("payments", nil))},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) || !strings.HasPrefix(c.err.Error(), "resilience: ") {
			t.Errorf("got %v, want %q", c.err, c.want)
		}
		if !errors.Is(c.err, core.ErrInvalid) || core.ErrorType(c.err) != core.TypeInvalid {
			t.Errorf("%v is not core.ErrInvalid", c.err)
		}
	}
}

// made closes what should not have been made.
func made[P interface{ Close() }](p P, err error) error {
	if err == nil {
		p.Close()
	}
	return err
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	err := resilience.BreakerConfig{Probes: -1, MinCalls: -1, OpenFor: -1}.Validate()
	for _, field := range []string{"Probes", "MinCalls", "OpenFor"} {
		if !strings.Contains(fmt.Sprint(err), field) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
}

func TestConfigsAreReadFromText(t *testing.T) {
	t.Parallel()
	var c resilience.StandardConfig
	text := `{"timeout": 2000000000, "retry": {"max_attempts": 5, "jitter": "decorrelated"}, "breaker": {"consecutive": 3}}`
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	if c.Timeout != 2*time.Second || c.Retry.MaxAttempts != 5 || c.Retry.Jitter != resilience.JitterDecorrelated || c.Breaker.Consecutive != 3 {
		t.Errorf("got %+v", c)
	}
}

func TestClosedPoliciesGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fallback, err := resilience.NewFallback("payments", func(context.Context, error) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		b := newBreaker(t, exact)
		for _, p := range []interface {
			core.Policy
			fmt.Stringer
			Name() string
			Close()
		}{
			fallback, b, newRetry(t, plain), newTimeout(t, time.Second), newHedge(t, resilience.HedgeConfig{}),
			newStandard(t, resilience.StandardConfig{}),
		} {
			p.Close()
			p.Close()
			if err := p.Do(t.Context(), well); err != nil || !strings.Contains(p.String(), p.Name()) {
				t.Errorf("%v: %v", p, err)
			}
		}
		pass(time.Hour)
		_ = do(t.Context(), b, 4, badly)
		requireState(t, b, resilience.Open)
	})
}
