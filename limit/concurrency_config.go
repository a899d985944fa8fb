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
	// CriticalWaiters is how many of MaxWaiters are kept for callers of importance Critical, see
	// WithImportance. Defaults to 0.
	CriticalWaiters int `json:"critical_waiters" yaml:"critical_waiters" env:"CRITICAL_WAITERS"`
	// PriorityStep is how much earlier a waiter counts as having come for each step of its
	// priority, see WithPriority. Defaults to 1 s.
	PriorityStep time.Duration `json:"priority_step" yaml:"priority_step" env:"PRIORITY_STEP"`
}

// Validate reports everything that is wrong with c.
func (c ConcurrencyConfig) Validate() error {
	var faults core.Faults
	requireLimit(&faults, "Limit", c.Limit)
	requireLine(&faults, c.withDefaults().line())
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

func (c ConcurrencyConfig) line() lineConfig {
	return lineConfig{c.MaxWaiters, c.CriticalWaiters, c.PriorityStep}
}

const (
	defaultMaxWaiters   = 10_000
	defaultPriorityStep = time.Second
	maxPriorityStep     = 24 * time.Hour // so that ranks fit their integers
)

// lineConfig is what the line of waiters needs.
type lineConfig struct {
	maxWaiters int
	reserved   int
	step       time.Duration
}

func requireLimit(faults *core.Faults, field string, limit int) {
	faults.Require(limit > 0, field, limit, "must be above 0")
	faults.Require(limit <= maxLimit, field, limit, fmt.Sprintf("must be at most %d", maxLimit))
}

func requireLine(faults *core.Faults, c lineConfig) {
	faults.Require(c.maxWaiters >= 0, "MaxWaiters", c.maxWaiters, "must not be negative")
	faults.Require(c.reserved >= 0, "CriticalWaiters", c.reserved, "must not be negative")
	faults.Require(c.reserved <= max(c.maxWaiters, 0), "CriticalWaiters", c.reserved, fmt.Sprintf("must be at most MaxWaiters, %d", c.maxWaiters))
	faults.Require(c.step >= 0, "PriorityStep", c.step, "must not be negative")
	faults.Require(c.step <= maxPriorityStep, "PriorityStep", c.step, fmt.Sprintf("must be at most %v", maxPriorityStep))
}
