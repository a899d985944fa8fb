package flowredis

import (
	"fmt"
	"math"
	"time"

	"github.com/goflow-go/goflow/core"
)

// ConcurrencyConfig is the config of a concurrency limit, for all or for each key.
type ConcurrencyConfig struct {
	// Limit is how many permits can be held at the same time. Required.
	Limit int `json:"limit" yaml:"limit" env:"LIMIT"`
	// Wait makes the limit, used as a policy, wait for a permit. Without it, it rejects at once what
	// is above the limit. Acquire always waits, and TryAcquire never does.
	Wait bool `json:"wait" yaml:"wait" env:"WAIT"`
	// MaxWaiters is how many callers of this process may wait at the same time; further ones are
	// rejected at once. Defaults to 10,000.
	MaxWaiters int `json:"max_waiters" yaml:"max_waiters" env:"MAX_WAITERS"`
	// Lease is after what time the permits of a process that died come back. It is renewed with every
	// heartbeat of the coordinator, of which it must last three at the least. At most 1h. Defaults to 10s.
	Lease time.Duration `json:"lease" yaml:"lease" env:"LEASE"`
	// Fallback is what decides when Redis cannot be asked. Defaults to [FallbackLocal].
	Fallback Fallback `json:"fallback" yaml:"fallback" env:"FALLBACK"`
}

// Validate reports everything that is wrong with c.
func (c ConcurrencyConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.Limit > 0, "Limit", c.Limit, "must be above 0")
	faults.Require(c.Limit <= math.MaxInt32, "Limit", c.Limit, fmt.Sprintf("must be at most %d", math.MaxInt32))
	faults.Require(c.MaxWaiters >= 0, "MaxWaiters", c.MaxWaiters, "must not be negative")
	faults.Require(c.Lease >= 0, "Lease", c.Lease, "must not be negative")
	faults.Require(c.Lease <= time.Hour, "Lease", c.Lease, "must be at most 1h")
	faults.Require(c.Fallback <= FailOpen, "Fallback", c.Fallback, "must be FallbackLocal, FailClosed or FailOpen")
	return faults.Err()
}

func (c ConcurrencyConfig) withDefaults() ConcurrencyConfig {
	orDefault(&c.MaxWaiters, 10_000)
	orDefault(&c.Lease, 10*time.Second)
	return c
}

// renewals is how many heartbeats a lease must last.
const renewals = 3

// fits checks what the coordinator's config has a say in.
func (c ConcurrencyConfig) fits(in *Coordinator) error {
	var faults core.Faults
	least := renewals * in.cfg.Heartbeat
	faults.Require(c.Lease >= least, "Lease", c.Lease, fmt.Sprintf("must be at least three heartbeats, %v", least))
	return faults.Err()
}
