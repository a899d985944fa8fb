package flowredis

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// Region is one of the regions that share a limit, as a [RegionalConfig] lists it.
type Region struct {
	// Name is the region's: letters, digits and "-_.". Required.
	Name string `json:"name" yaml:"name" env:"NAME"`
	// Weight says how much of the limit is the region's own, beside the weights of the others. Defaults to 1.
	Weight int `json:"weight" yaml:"weight" env:"WEIGHT"`
	// Client is of the region's Redis. Required. Regions may share one. The caller closes it.
	Client redis.UniversalClient `json:"-" yaml:"-"`
}

// RegionalConfig is the config of a [Regional] limiter. All processes of all regions should have the same,
// but for Region.
type RegionalConfig struct {
	// Region is the one this process is in. Required.
	Region string `json:"region" yaml:"region" env:"REGION"`
	// Regions are all of them. Required.
	Regions []Region `json:"regions" yaml:"regions"`
	// Rate is how fast permits come back in all regions together. Required. It is divided in whole millionths
	// of a permit a second.
	Rate limit.Rate `json:"rate" yaml:"rate" env:"RATE"`
	// Burst is how many permits can be had at once in all regions together. Required: each region has its
	// part of it, always, and that is one permit at the least.
	Burst int `json:"burst" yaml:"burst" env:"BURST"`
	// Loan is for how long a region may use what another has lent it. A region asks six times in that time. So
	// an answer from one region to another must come within a third of it. No more than 1.3 of it after a link
	// was cut each region has its own share again, no more and no less; when only answers are lost it is 1.5, and
	// the way of a question. Defaults to 500 ms, must be at least 120 ms and at most 1 m.
	Loan time.Duration `json:"loan" yaml:"loan" env:"LOAN"`
	// Fallback is what decides when the region's own Redis cannot be asked. Defaults to [FallbackLocal].
	Fallback Fallback `json:"fallback" yaml:"fallback" env:"FALLBACK"`
	// MaxWaiters is how many callers of this process may wait at the same time. Defaults to 10,000.
	MaxWaiters int `json:"max_waiters" yaml:"max_waiters" env:"MAX_WAITERS"`
	// Batch lets concurrent callers share round trips, as in [TokenBucketConfig].
	Batch bool `json:"batch" yaml:"batch" env:"BATCH"`
	// Coordinator is the config of this process's part in its region: prefix, budget, instances. The
	// prefix is for all regions.
	Coordinator Config `json:"coordinator" yaml:"coordinator" env:"COORDINATOR"`
}

// Validate reports everything that is wrong with c.
func (c RegionalConfig) Validate() error {
	var faults core.Faults
	names := make(map[string]bool)
	for i, r := range c.Regions {
		field := func(name string) string { return fmt.Sprintf("Regions[%d].%s", i, name) }
		faults.Require(r.Name != "", field("Name"), r.Name, "must not be empty")
		faults.Require(len(r.Name) <= maxRegion && strings.IndexFunc(r.Name, notInRegion) < 0, field("Name"), r.Name,
			fmt.Sprintf(`must be at most %d letters, digits and "-_."`, maxRegion))
		faults.Require(!names[r.Name], field("Name"), r.Name, "must be another than those before")
		faults.Require(r.Weight >= 0 && r.Weight <= maxWeight, field("Weight"), r.Weight, fmt.Sprintf("must be from 0 to %d", maxWeight))
		faults.Require(r.Client != nil, field("Client"), r.Client, "must not be nil")
		names[r.Name] = true
	}
	faults.Require(len(c.Regions) > 0 && len(c.Regions) <= maxRegions, "Regions", len(c.Regions), fmt.Sprintf("must be from 1 to %d", maxRegions))
	faults.Require(names[c.Region], "Region", c.Region, "must be the name of one of Regions")
	faults.Require(c.Loan == 0 || c.Loan >= 120*time.Millisecond, "Loan", c.Loan, "must be at least 120ms")
	faults.Require(c.Loan <= time.Minute, "Loan", c.Loan, "must be at most 1m")
	faults.Require(c.Fallback <= FailOpen, "Fallback", c.Fallback, "must be FallbackLocal, FailClosed or FailOpen")
	faults.Require(c.MaxWaiters >= 0, "MaxWaiters", c.MaxWaiters, "must not be negative")
	quota := limit.TokenBucketConfig{Rate: c.Rate, Burst: max(c.Burst, 1)}.Validate()
	err := errors.Join(faults.Err(), quota, c.Coordinator.Validate())
	if err == nil {
		err = c.fits()
	}
	return err
}

const (
	maxRegion  = 64
	maxRegions = 64
	maxWeight  = 1_000_000
)

func notInRegion(r rune) bool { return !inPrefix(r) || r == ':' || r == '/' }

// fits checks that each region has a part of the limit that can be counted in.
func (c RegionalConfig) fits() error {
	var faults core.Faults
	rate := microRate(c.Rate)
	ok := rate <= maxMicros
	for i, own := range c.withDefaults().portions() {
		name := c.Regions[i].Name
		faults.Require(own.burst > 0, "Burst", c.Burst, fmt.Sprintf("must leave a permit for region %q", name))
		ok = ok && own.share > 0
	}
	faults.Require(ok, "Rate", c.Rate, "must leave each region between 1e-6 and 1e9 a second")
	faults.Require(c.Burst <= maxMicros/micros, "Burst", c.Burst, fmt.Sprintf("must be at most %d", maxMicros/micros))
	return faults.Err()
}

func (c RegionalConfig) withDefaults() RegionalConfig {
	orDefault(&c.Loan, 500*time.Millisecond)
	regions := make([]Region, len(c.Regions))
	for i, r := range c.Regions {
		orDefault(&r.Weight, 1)
		regions[i] = r
	}
	c.Regions = regions
	return c
}

const (
	micros    = 1_000_000             // to a permit
	maxMicros = 1_000_000_000_000_000 // a second, or in a burst: Lua's numbers are exact up to 2^53
)

// portion is a region's own part of a limit.
type portion struct {
	share int64 // micro-permits a second
	burst int   // permits
}

// portions divides the limit among the regions. In sum they are no more than it.
func (c RegionalConfig) portions() []portion {
	weights := make([]int64, len(c.Regions))
	for i, r := range c.Regions {
		weights[i] = int64(r.Weight)
	}
	shares, bursts := apportion(min(microRate(c.Rate), maxMicros), weights), apportion(int64(c.Burst), weights)
	all := make([]portion, len(weights))
	for i := range all {
		all[i] = portion{share: shares[i], burst: int(bursts[i])}
	}
	return all
}

// apportion divides a total by weights, in whole numbers that add up to it: what rounding down leaves goes
// to the first, one each.
func apportion(total int64, weights []int64) []int64 {
	sum := int64(0)
	for _, w := range weights {
		sum += w
	}
	parts, left := make([]int64, len(weights)), total
	for i, w := range weights {
		part := new(big.Int).Mul(big.NewInt(total), big.NewInt(w))
		parts[i] = part.Div(part, big.NewInt(sum)).Int64()
		left -= parts[i]
	}
	for i := range left {
		parts[i]++
	}
	return parts
}

// microRate is a rate in micro-permits a second, rounded down.
func microRate(r limit.Rate) int64 {
	exact := new(big.Rat).Quo(big.NewRat(micros*int64(time.Second/time.Microsecond), 1), microseconds(r))
	if n := new(big.Int).Div(exact.Num(), exact.Denom()); n.IsInt64() {
		return n.Int64()
	}
	return maxMicros + 1
}
