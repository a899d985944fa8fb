package limit

import (
	"time"

	"github.com/goflow-go/goflow/core"
)

// OverloadConfig is the config of an [Overload].
type OverloadConfig struct {
	// MaxSchedLatency is how long goroutines that are ready may wait for a processor, as the 99th
	// percentile in an Interval. Defaults to 20 ms. Negative: it is not looked at.
	MaxSchedLatency time.Duration `json:"max_sched_latency" yaml:"max_sched_latency" env:"MAX_SCHED_LATENCY"`
	// MaxMemoryShare is which share of GOMEMLIMIT may be in use by what a garbage collection cannot
	// free. Without such a limit it is not looked at. Defaults to 0.9, with which the collector has a
	// tenth to work with. Negative: it is not looked at.
	MaxMemoryShare float64 `json:"max_memory_share" yaml:"max_memory_share" env:"MAX_MEMORY_SHARE"`
	// MaxGoroutines is how many goroutines there may be. Defaults to no limit.
	MaxGoroutines int `json:"max_goroutines" yaml:"max_goroutines" env:"MAX_GOROUTINES"`
	// HardMemoryShare is like MaxMemoryShare, but from there on everything is refused, [Critical]
	// included. Defaults to no limit.
	HardMemoryShare float64 `json:"hard_memory_share" yaml:"hard_memory_share" env:"HARD_MEMORY_SHARE"`
	// HardGoroutines is like MaxGoroutines, but from there on everything is refused, [Critical]
	// included. Defaults to no limit.
	HardGoroutines int `json:"hard_goroutines" yaml:"hard_goroutines" env:"HARD_GOROUTINES"`
	// Interval is how often the runtime is looked at, from 10 ms to 1 s. Each look takes about 5 µs.
	// Defaults to 50 ms.
	Interval time.Duration `json:"interval" yaml:"interval" env:"INTERVAL"`
}

// Validate reports everything that is wrong with c.
func (c OverloadConfig) Validate() error { return c.withDefaults().check() }

func (c OverloadConfig) check() error {
	var faults core.Faults
	faults.Require(c.MaxMemoryShare < 1, "MaxMemoryShare", c.MaxMemoryShare, "must be below 1")
	faults.Require(c.MaxGoroutines >= 0, "MaxGoroutines", c.MaxGoroutines, "must not be negative")
	faults.Require(c.HardMemoryShare >= 0 && c.HardMemoryShare <= 1, "HardMemoryShare", c.HardMemoryShare, "must be from 0 to 1")
	faults.Require(c.HardGoroutines >= 0, "HardGoroutines", c.HardGoroutines, "must not be negative")
	requireWithin(&faults, "Interval", c.Interval, 10*time.Millisecond, time.Second)
	return faults.Err()
}

func (c OverloadConfig) withDefaults() OverloadConfig {
	if c.MaxSchedLatency == 0 {
		c.MaxSchedLatency = 20 * time.Millisecond
	}
	if c.MaxMemoryShare == 0 {
		c.MaxMemoryShare = 0.9
	}
	if c.Interval == 0 {
		c.Interval = 50 * time.Millisecond
	}
	return c
}
