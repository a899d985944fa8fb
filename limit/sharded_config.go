package limit

import (
	"fmt"
	"math"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/stripe"
)

// ShardedConfig is the config of a [ShardedBucket].
type ShardedConfig struct {
	// Rate is how fast permits come back: at least 100,000 a second, below which a [TokenBucket] is
	// as fast. Required.
	Rate Rate `json:"rate" yaml:"rate" env:"RATE"`
	// Burst is how many permits can be had at once when no shard holds any back: at least 128.
	// Defaults to what comes back in 10 ms.
	Burst int `json:"burst" yaml:"burst" env:"BURST"`
}

const (
	minShardedRate  = 100_000 // a second
	minShardedBurst = 8 * stripe.Cells
	leaseSeconds    = 100e-6 // the time in which a lease comes back, at most
)

// Validate reports everything that is wrong with c.
func (c ShardedConfig) Validate() error {
	var faults core.Faults
	requireQuota(&faults, c.Rate, c.Burst)
	if c.Rate.fault() == "" {
		faults.Require(float64(c.Rate.per) <= c.Rate.count*1e9/minShardedRate, "Rate", c.Rate,
			fmt.Sprintf("must be at least %d/s; below, use a token bucket", minShardedRate))
	}
	faults.Require(c.Burst <= 0 || c.Burst >= minShardedBurst, "Burst", c.Burst, fmt.Sprintf("must be at least %d", minShardedBurst))
	return faults.Err()
}

func (c ShardedConfig) withDefaults() ShardedConfig {
	if c.Burst == 0 {
		c.Burst = int(min(c.Rate.perSecond()/100, math.MaxInt32))
	}
	return c
}

// chunk is how many permits a shard holds at most: all shards together half the burst.
func (c ShardedConfig) chunk() int64 {
	return int64(min(float64(c.Burst/(2*stripe.Cells)), c.Rate.perSecond()*leaseSeconds))
}

// perSecond is the rate as a number.
func (r Rate) perSecond() float64 { return r.count / r.per.Seconds() }
