package limit

import (
	"time"

	"github.com/goflow-go/goflow/core"
)

// LeakyBucketConfig is the config of a [LeakyBucket].
type LeakyBucketConfig struct {
	// Rate is how fast permits leave. Required.
	Rate Rate `json:"rate" yaml:"rate" env:"RATE"`
	// MaxWaiters is the size of the bucket: how many callers may wait in it at the same time;
	// further ones are rejected at once. Defaults to 10,000.
	MaxWaiters int `json:"max_waiters" yaml:"max_waiters" env:"MAX_WAITERS"`
	// CatchUp is how much of a late wake-up a caller that waited may make up. Sleepers wake late by
	// tens of microseconds, so high rates need it; with 1ns they make up nothing worth
	// mention. At most 1s. Defaults to 2ms.
	CatchUp time.Duration `json:"catch_up" yaml:"catch_up" env:"CATCH_UP"`
}

// Validate reports everything that is wrong with c.
func (c LeakyBucketConfig) Validate() error {
	var faults core.Faults
	requireQuota(&faults, c.Rate, 1)
	faults.Require(c.MaxWaiters >= 0, "MaxWaiters", c.MaxWaiters, "must not be negative")
	faults.Require(c.CatchUp >= 0, "CatchUp", c.CatchUp, "must not be negative")
	faults.Require(c.CatchUp <= time.Second, "CatchUp", c.CatchUp, "must be at most 1s")
	return faults.Err()
}

func (c LeakyBucketConfig) withDefaults() LeakyBucketConfig {
	if c.MaxWaiters == 0 {
		c.MaxWaiters = 10_000
	}
	if c.CatchUp == 0 {
		c.CatchUp = 2 * time.Millisecond
	}
	return c
}
