package limit

import (
	"fmt"
	"math"
	"time"

	"github.com/goflow-go/goflow/core"
)

// TokenBucketConfig is the config of a [TokenBucket].
type TokenBucketConfig struct {
	// Rate is how fast permits come back. Required.
	Rate Rate `json:"rate" yaml:"rate" env:"RATE"`
	// Burst is how many permits can be had at once. Defaults to 1.
	Burst int `json:"burst" yaml:"burst" env:"BURST"`
	// MaxWaiters is how many callers may wait at the same time, and how many reservations may
	// be still to come; further ones are rejected at once. Defaults to 10,000.
	MaxWaiters int `json:"max_waiters" yaml:"max_waiters" env:"MAX_WAITERS"`
	// WarmUp is how long the rate takes, from when the bucket is made, to grow from a third of Rate
	// to all of it, in 16 steps: for what stands behind it and starts cold. SetRate and SetBurst end
	// it. RetryAfter is then that of the step it is asked in, so the permit may come a little
	// sooner. At most 24 h. Defaults to none.
	WarmUp time.Duration `json:"warm_up" yaml:"warm_up" env:"WARM_UP"`
}

// Validate reports everything that is wrong with c.
func (c TokenBucketConfig) Validate() error {
	var faults core.Faults
	requireQuota(&faults, c.Rate, c.Burst)
	faults.Require(c.MaxWaiters >= 0, "MaxWaiters", c.MaxWaiters, "must not be negative")
	faults.Require(c.WarmUp >= 0 && c.WarmUp <= maxWarmUp, "WarmUp", c.WarmUp, "must be from 0s to 24h")
	return faults.Err()
}

func (c TokenBucketConfig) withDefaults() TokenBucketConfig {
	if c.Burst == 0 {
		c.Burst = 1
	}
	if c.MaxWaiters == 0 {
		c.MaxWaiters = 10_000
	}
	return c
}

// KeyedConfig is the config of a [Keyed] limiter.
type KeyedConfig struct {
	// Rate is how fast each key's permits come back. Required.
	Rate Rate `json:"rate" yaml:"rate" env:"RATE"`
	// Burst is how many permits each key can have at once. Defaults to 1.
	Burst int `json:"burst" yaml:"burst" env:"BURST"`
	// MaxKeys is how many keys are held at the same time. Keys with nothing in use make room for
	// others; when there are none, further keys share one bucket of the same rate and burst.
	// Defaults to 100,000.
	MaxKeys int `json:"max_keys" yaml:"max_keys" env:"MAX_KEYS"`
}

// Validate reports everything that is wrong with c.
func (c KeyedConfig) Validate() error {
	var faults core.Faults
	requireQuota(&faults, c.Rate, c.Burst)
	faults.Require(c.MaxKeys >= 0, "MaxKeys", c.MaxKeys, "must not be negative")
	return faults.Err()
}

func (c KeyedConfig) withDefaults() KeyedConfig {
	if c.Burst == 0 {
		c.Burst = 1
	}
	if c.MaxKeys == 0 {
		c.MaxKeys = 100_000
	}
	return c
}

// requireQuota notes what is wrong with a rate and a burst; a burst of 0 stands for its default.
func requireQuota(faults *core.Faults, rate Rate, burst int) {
	fault := rate.fault()
	faults.Require(fault == "", "Rate", rate, fault)
	faults.Require(burst >= 0, "Burst", burst, "must not be negative")
	faults.Require(burst <= math.MaxInt32, "Burst", burst, fmt.Sprintf("must be at most %d", math.MaxInt32))
	if fault == "" && burst > 0 && burst <= math.MaxInt32 {
		refill := float64(burst) / rate.count * rate.per.Hours() / (366 * 24)
		faults.Require(refill <= maxRefillYears, "Burst", burst, fmt.Sprintf("at %v must refill within %d years", rate, maxRefillYears))
	}
}

// validQuota checks a rate and a burst given to a running limiter.
func validQuota(name string, rate Rate, burst int) error {
	var faults core.Faults
	faults.Require(burst != 0, "Burst", burst, "must be above 0")
	requireQuota(&faults, rate, burst)
	return core.Configure("limit", name, faults.Err())
}

// maxRefillYears bounds burst/rate, so that times fit their integers.
const maxRefillYears = 9
