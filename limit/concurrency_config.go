package limit

import (
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// ConcurrencyConfig is the config of a [Concurrency] limit.
type ConcurrencyConfig struct {
	// Limit is how many permits can be held at the same time. Required.
	Limit int `json:"limit" yaml:"limit" env:"LIMIT"`
	// Wait makes the limit, used as a policy, wait for a permit. Without it, it rejects at once what
	// is above the limit. Acquire always waits, and TryAcquire never does.
	Wait bool `json:"wait" yaml:"wait" env:"WAIT"`
	// MaxWaiters is how many callers may wait at the same time; further ones are rejected at
	// once. Defaults to 10,000.
	MaxWaiters int `json:"max_waiters" yaml:"max_waiters" env:"MAX_WAITERS"`
	// PriorityStep is how much earlier a waiter counts as having come for each step of its
	// priority, see WithPriority. Defaults to 1 s.
	PriorityStep time.Duration `json:"priority_step" yaml:"priority_step" env:"PRIORITY_STEP"`
}

// Validate reports everything that is wrong with c.
func (c ConcurrencyConfig) Validate() error {
	var faults core.Faults
	requireLimit(&faults, "Limit", c.Limit)
	requireLine(&faults, c.MaxWaiters, c.PriorityStep)
	return faults.Err()
}

func (c ConcurrencyConfig) withDefaults() ConcurrencyConfig {
	if c.MaxWaiters == 0 {
		c.MaxWaiters = defaultMaxWaiters
	}
	if c.PriorityStep == 0 {
		c.PriorityStep = defaultPriorityStep
	}
	return c
}

func (c ConcurrencyConfig) line() lineConfig { return lineConfig{c.MaxWaiters, c.PriorityStep} }

const (
	defaultMaxWaiters   = 10_000
	defaultPriorityStep = time.Second
	maxPriorityStep     = 24 * time.Hour // so that ranks fit their integers
)

// lineConfig is what the line of waiters needs.
type lineConfig struct {
	maxWaiters int
	step       time.Duration
}

func requireLimit(faults *core.Faults, field string, limit int) {
	faults.Require(limit > 0, field, limit, "must be above 0")
	faults.Require(limit <= maxLimit, field, limit, fmt.Sprintf("must be at most %d", maxLimit))
}

func requireLine(faults *core.Faults, maxWaiters int, step time.Duration) {
	faults.Require(maxWaiters >= 0, "MaxWaiters", maxWaiters, "must not be negative")
	faults.Require(step >= 0, "PriorityStep", step, "must not be negative")
	faults.Require(step <= maxPriorityStep, "PriorityStep", step, fmt.Sprintf("must be at most %v", maxPriorityStep))
}
