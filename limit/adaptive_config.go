package limit

import (
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Algorithm is how an [Adaptive] limit moves.
type Algorithm uint8

const (
	// Gradient2 compares latency with what it is without queueing.
	Gradient2 Algorithm = iota
	// AIMD grows by one a window until there are drops, or latency is above MaxHealthyLatency: then it
	// shrinks by a tenth or, with many drops, by up to half.
	AIMD
)

// String gives the name: gradient2 or aimd.
func (a Algorithm) String() string {
	switch a {
	case Gradient2:
		return "gradient2"
	case AIMD:
		return "aimd"
	}
	return fmt.Sprintf("algorithm %d", uint8(a))
}

// MarshalText gives the name.
func (a Algorithm) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads a name.
func (a *Algorithm) UnmarshalText(text []byte) error {
	for _, known := range []Algorithm{Gradient2, AIMD} {
		if string(text) == known.String() {
			*a = known
			return nil
		}
	}
	return &core.Fault{Field: "Algorithm", Value: string(text), Want: "must be gradient2 or aimd"}
}

// AdaptiveConfig is the config of an [Adaptive] limit.
type AdaptiveConfig struct {
	// Algorithm is how the limit moves. Defaults to Gradient2.
	Algorithm Algorithm `json:"algorithm" yaml:"algorithm" env:"ALGORITHM"`
	// Initial is the limit to begin with. Defaults to 20, or the nearest that Min and Max allow.
	Initial int `json:"initial" yaml:"initial" env:"INITIAL"`
	// Min is the lowest limit. Defaults to 1.
	Min int `json:"min" yaml:"min" env:"MIN"`
	// Max is the highest limit. Defaults to 1,000, or Min when that is higher.
	Max int `json:"max" yaml:"max" env:"MAX"`
	// MaxHealthyLatency is the mean latency above which the limit shrinks whatever else is
	// measured. 0 means that any latency can be healthy.
	MaxHealthyLatency time.Duration `json:"max_healthy_latency" yaml:"max_healthy_latency" env:"MAX_HEALTHY_LATENCY"`
	// Tolerance is how many times the latency without queueing is no reason to shrink: more lets
	// more queueing happen, less gives capacity away when latency varies by nature. For Gradient2
	// only. Defaults to 1.25.
	Tolerance float64 `json:"tolerance" yaml:"tolerance" env:"TOLERANCE"`
	// Window is the least time between two moves of the limit. Defaults to 100 ms.
	Window time.Duration `json:"window" yaml:"window" env:"WINDOW"`
	// BaselineAge is how long a measurement of the latency without queueing is believed; then, if the
	// limit was used fully all that time, it is halved for a window to measure anew. For Gradient2
	// only. Defaults to 10 s.
	BaselineAge time.Duration `json:"baseline_age" yaml:"baseline_age" env:"BASELINE_AGE"`
	// Wait makes callers wait for a permit. Without it, they are rejected at once.
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
func (c AdaptiveConfig) Validate() error { return c.withDefaults().check() }

func (c AdaptiveConfig) check() error {
	var faults core.Faults
	faults.Require(c.Algorithm <= AIMD, "Algorithm", c.Algorithm, "must be Gradient2 or AIMD")
	requireLimit(&faults, "Min", c.Min)
	requireLimit(&faults, "Max", c.Max)
	faults.Require(c.Min <= c.Max, "Min", c.Min, fmt.Sprintf("must be at most Max, %d", c.Max))
	faults.Require(c.Min <= c.Initial && c.Initial <= c.Max || c.Min > c.Max, "Initial", c.Initial,
		fmt.Sprintf("must be from Min to Max, %d to %d", c.Min, c.Max))
	faults.Require(c.MaxHealthyLatency >= 0, "MaxHealthyLatency", c.MaxHealthyLatency, "must not be negative")
	faults.Require(c.Tolerance >= 1 && c.Tolerance <= 10, "Tolerance", c.Tolerance, "must be from 1 to 10")
	requireWithin(&faults, "Window", c.Window, time.Millisecond, time.Hour)
	requireWithin(&faults, "BaselineAge", c.BaselineAge, time.Millisecond, 24*time.Hour)
	requireLine(&faults, lineConfig{c.MaxWaiters, c.CriticalWaiters, c.PriorityStep})
	return faults.Err()
}

func requireWithin(faults *core.Faults, field string, d, low, high time.Duration) {
	faults.Require(low <= d && d <= high, field, d, fmt.Sprintf("must be from %v to %v", low, high))
}

func (c AdaptiveConfig) withDefaults() AdaptiveConfig {
	if c.Min == 0 {
		c.Min = 1
	}
	if c.Max == 0 {
		c.Max = max(1000, c.Min)
	}
	if c.Initial == 0 {
		c.Initial = min(max(20, c.Min), c.Max)
	}
	if c.Tolerance == 0 {
		c.Tolerance = 1.25
	}
	if c.Window == 0 {
		c.Window = 100 * time.Millisecond
	}
	if c.BaselineAge == 0 {
		c.BaselineAge = 10 * time.Second
	}
	if c.MaxWaiters == 0 {
		c.MaxWaiters = defaultMaxWaiters
	}
	if c.PriorityStep == 0 {
		c.PriorityStep = defaultPriorityStep
	}
	return c
}
