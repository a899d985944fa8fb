package resilience

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/goflow-go/goflow/core"
)

// RetryConfig is the config of a [Retry].
type RetryConfig struct {
	// MaxAttempts is how often a task is run at most, the first time included. Defaults to 3.
	MaxAttempts int `json:"max_attempts" yaml:"max_attempts" env:"MAX_ATTEMPTS"`
	// BaseDelay is the delay before the second attempt, without jitter. Defaults to 100 ms.
	BaseDelay time.Duration `json:"base_delay" yaml:"base_delay" env:"BASE_DELAY"`
	// MaxDelay bounds delays. An error that asks for a longer one (see core.RetryAfter) ends the
	// call at once: to come back sooner would be in vain. Defaults to 10 s.
	MaxDelay time.Duration `json:"max_delay" yaml:"max_delay" env:"MAX_DELAY"`
	// Multiplier is how much longer each delay is than the one before, at least 1. Defaults to 2.
	Multiplier float64 `json:"multiplier" yaml:"multiplier" env:"MULTIPLIER"`
	// Jitter is how delays are spread. Defaults to [JitterFull].
	Jitter Jitter `json:"jitter" yaml:"jitter" env:"JITTER"`
	// MaxElapsed is how long after its beginning a call may begin another attempt. It does not end
	// an attempt that runs: that is what a [Timeout] is for. Defaults to 0: no bound.
	MaxElapsed time.Duration `json:"max_elapsed" yaml:"max_elapsed" env:"MAX_ELAPSED"`

	// Budget is how many retries there may be for each call, over all calls of the last 10 s: with
	// 0.1 an outage adds a tenth to the load, not a multiple of it. The share holds over any 10 s,
	// within which retries may come together. Defaults to 0.1; a negative value means no bound.
	Budget float64 `json:"budget" yaml:"budget" env:"BUDGET"`
	// MinPerSecond is how many retries a second (over the same 10 s) are within the budget however
	// few calls there are. Defaults to 1; a negative value means none.
	MinPerSecond float64 `json:"min_per_second" yaml:"min_per_second" env:"MIN_PER_SECOND"`
}

// Validate reports everything that is wrong with c.
func (c RetryConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.MaxAttempts >= 0, "MaxAttempts", c.MaxAttempts, "must not be negative")
	faults.Require(c.BaseDelay >= 0, "BaseDelay", c.BaseDelay, "must not be negative")
	faults.Require(c.MaxDelay >= 0, "MaxDelay", c.MaxDelay, "must not be negative")
	faults.Require(c.MaxDelay <= maxDuration, "MaxDelay", c.MaxDelay, "must be at most "+maxDuration.String())
	if d := c.withDefaults(); c.BaseDelay >= 0 && c.MaxDelay >= 0 {
		faults.Require(d.BaseDelay <= d.MaxDelay, "BaseDelay", d.BaseDelay, fmt.Sprintf("must be at most MaxDelay, %v", d.MaxDelay))
	}
	faults.Require(c.Multiplier == 0 || c.Multiplier >= 1 && !math.IsInf(c.Multiplier, 1), "Multiplier", c.Multiplier, "must be at least 1, and finite")
	faults.Require(c.Jitter <= JitterNone, "Jitter", c.Jitter, "must be one of full, decorrelated, none")
	faults.Require(c.MaxElapsed >= 0, "MaxElapsed", c.MaxElapsed, "must not be negative")
	requireBudget(&faults, c.Budget, c.MinPerSecond)
	return faults.Err()
}

// requireBudget notes what is wrong with a budget.
func requireBudget(faults *core.Faults, share, perSecond float64) {
	faults.Require(share <= math.MaxFloat64, "Budget", share, "must be a finite number") // so NaN is at fault
	faults.Require(perSecond <= math.MaxFloat64, "MinPerSecond", perSecond, "must be a finite number")
}

func (c RetryConfig) withDefaults() RetryConfig {
	orDefault(&c.MaxAttempts, 3)
	orDefault(&c.BaseDelay, 100*time.Millisecond)
	orDefault(&c.MaxDelay, 10*time.Second)
	orDefault(&c.Multiplier, 2)
	orDefault(&c.Budget, 0.1)
	orDefault(&c.MinPerSecond, 1)
	return c
}

// Jitter is how a [Retry] spreads its delays, so that callers who failed together do not come back
// together. It reads from and prints as text.
type Jitter uint8

const (
	// JitterFull takes any delay from 0 to BaseDelay * Multiplier^n.
	JitterFull Jitter = iota
	// JitterDecorrelated takes any delay from BaseDelay to three times the one before; Multiplier
	// plays no part.
	JitterDecorrelated
	// JitterNone takes BaseDelay * Multiplier^n.
	JitterNone
)

// String gives the name: full, decorrelated or none.
func (j Jitter) String() string {
	switch j {
	case JitterFull:
		return "full"
	case JitterDecorrelated:
		return "decorrelated"
	case JitterNone:
		return "none"
	}
	return fmt.Sprintf("Jitter(%d)", uint8(j))
}

// MarshalText gives the name.
func (j Jitter) MarshalText() ([]byte, error) { return []byte(j.String()), nil }

// UnmarshalText reads a name; an empty one is [JitterFull].
func (j *Jitter) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*j = JitterFull
		return nil
	}
	for k := JitterFull; k <= JitterNone; k++ {
		if string(text) == k.String() {
			*j = k
			return nil
		}
	}
	return fmt.Errorf("resilience: jitter %q is not one of full, decorrelated, none: %w", text, core.ErrInvalid)
}

// delay is how long to wait after the nth attempt; last is the wait before it. Both algorithms with
// chance are from "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
func (c *RetryConfig) delay(n int, last time.Duration) time.Duration {
	if c.Jitter == JitterDecorrelated {
		base := float64(c.BaseDelay)
		d := base + rand.Float64()*(3*max(float64(last), base)-base)
		return time.Duration(min(d, float64(c.MaxDelay)))
	}
	d := min(float64(c.BaseDelay)*math.Pow(c.Multiplier, float64(n-1)), float64(c.MaxDelay))
	if c.Jitter == JitterFull {
		d *= rand.Float64()
	}
	return time.Duration(d)
}

// Retryable is which errors a [Retry] retries by default: all but those that will not go away by
// trying again. These are panics, what matches core.ErrInvalid or core.ErrClosed, and what matches
// core.ErrRejected without saying when to come back (see core.RetryAfter).
func Retryable(err error) bool {
	switch {
	case err == nil, errors.Is(err, core.ErrInvalid), errors.Is(err, core.ErrClosed), core.ErrorType(err) == core.TypePanic:
		return false
	case errors.Is(err, core.ErrRejected):
		_, known := core.RetryAfter(err)
		return known
	}
	return true
}
