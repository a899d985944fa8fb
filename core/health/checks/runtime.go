package checks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/internal/saturation"
)

// RuntimeConfig is the config of [Runtime]: from which values on the check is degraded, and from which
// it is down.
type RuntimeConfig struct {
	// DegradedLatency is how long goroutines that are ready may wait for a processor, as the 99th
	// percentile since the last run. Defaults to 20 ms. Negative: it is not looked at.
	DegradedLatency time.Duration
	// DownLatency is the same for down. Defaults to none.
	DownLatency time.Duration
	// DegradedGoroutines is how many goroutines there may be. Defaults to none.
	DegradedGoroutines int
	// DownGoroutines is the same for down. Defaults to none.
	DownGoroutines int
	// DegradedMemory is which share of GOMEMLIMIT may be in use. Without such a limit it is not looked
	// at. Defaults to 0.95. Negative: it is not looked at.
	DegradedMemory float64
	// DownMemory is the same for down. Defaults to none.
	DownMemory float64
}

const (
	defaultLatency = 20 * time.Millisecond
	defaultMemory  = 0.95
)

// Validate reports what is wrong with c.
func (c RuntimeConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.DownLatency >= 0, "DownLatency", c.DownLatency, "must not be negative")
	faults.Require(c.DegradedGoroutines >= 0, "DegradedGoroutines", c.DegradedGoroutines, "must not be negative")
	faults.Require(c.DownGoroutines >= 0, "DownGoroutines", c.DownGoroutines, "must not be negative")
	faults.Require(c.DegradedMemory <= 1, "DegradedMemory", c.DegradedMemory, "must be at most 1")
	faults.Require(c.DownMemory >= 0 && c.DownMemory <= 1, "DownMemory", c.DownMemory, "must be from 0 to 1")
	return faults.Err()
}

func (c RuntimeConfig) withDefaults() RuntimeConfig {
	if c.DegradedLatency == 0 {
		c.DegradedLatency = defaultLatency
	}
	if c.DegradedMemory == 0 {
		c.DegradedMemory = defaultMemory
	}
	return c
}

// Runtime makes a check of how saturated the process is: how long goroutines wait for a processor, how
// many there are, and how much of GOMEMLIMIT is in use. It only degrades unless told otherwise, because
// a replica that leaves the traffic gives its load to the others.
func Runtime(name string, cfg RuntimeConfig) (health.Check, error) {
	if err := core.Configure(pkg, name, cfg.Validate()); err != nil {
		return health.Check{}, err
	}
	cfg = cfg.withDefaults()
	sampler := saturation.NewSampler()
	return health.Check{Name: name, Run: func(context.Context) error { return cfg.judge(sampler.Sample()) }}, nil
}

// judge says what is saturated.
func (c RuntimeConfig) judge(s saturation.Sample) error {
	if why := saturated(s, c.DownLatency, c.DownGoroutines, c.DownMemory); why != "" {
		return errors.New(why)
	}
	if why := saturated(s, c.DegradedLatency, c.DegradedGoroutines, c.DegradedMemory); why != "" {
		return health.Degradedf("%s", why)
	}
	return nil
}

// saturated says which limit is reached. Limits that are not above 0 are none.
func saturated(s saturation.Sample, latency time.Duration, goroutines int, memory float64) string {
	switch share := s.MemoryShare(); {
	case latency > 0 && s.SchedLatencyP99 >= latency:
		return fmt.Sprintf("goroutines wait %v for a processor (p99), the limit is %v", s.SchedLatencyP99, latency)
	case goroutines > 0 && s.Goroutines >= goroutines:
		return fmt.Sprintf("there are %d goroutines, the limit is %d", s.Goroutines, goroutines)
	case memory > 0 && share >= memory:
		return fmt.Sprintf("%.0f %% of the memory limit of %d bytes is in use, the limit is %g %%", 100*share, s.MemoryLimit, 100*memory)
	}
	return ""
}
