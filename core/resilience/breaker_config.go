package resilience

import (
	"time"

	"github.com/goflow-go/goflow/core"
)

// BreakerConfig is the config of a [Breaker].
type BreakerConfig struct {
	// FailureRate is the share of the window's calls that must have failed for the breaker to open,
	// above 0 and at most 1. Defaults to 0.5.
	FailureRate float64 `json:"failure_rate" yaml:"failure_rate" env:"FAILURE_RATE"`
	// MinCalls is how many calls the window must hold before a rate means anything. Defaults to 20.
	MinCalls int `json:"min_calls" yaml:"min_calls" env:"MIN_CALLS"`
	// Window is how far back calls count. Defaults to 10 s, must be at least 10 ms. A call leaves
	// the window when it is between nine and ten tenths of Window old.
	Window time.Duration `json:"window" yaml:"window" env:"WINDOW"`
	// SlowCall is from which duration a call is slow, however it ends. Defaults to 0: none is. With
	// it, each call reads the clock twice.
	SlowCall time.Duration `json:"slow_call" yaml:"slow_call" env:"SLOW_CALL"`
	// SlowRate is the share of the window's calls that must have been slow for the breaker to open,
	// above 0 and at most 1. Defaults to 0.5; it is for SlowCall.
	SlowRate float64 `json:"slow_rate" yaml:"slow_rate" env:"SLOW_RATE"`

	// Consecutive is how many calls in a row must have failed for the breaker to open. Defaults to
	// 0: it opens by rate. It stands in place of the fields above, which must not be set with it.
	Consecutive int `json:"consecutive" yaml:"consecutive" env:"CONSECUTIVE"`

	// OpenFor is how long the breaker stays open before it lets probes through. Defaults to 5 s.
	OpenFor time.Duration `json:"open_for" yaml:"open_for" env:"OPEN_FOR"`
	// Jitter spreads OpenFor by up to this share to either side, so that many processes do not
	// probe at the same time. At most 1. Defaults to 0.1; a negative value means none.
	Jitter float64 `json:"jitter" yaml:"jitter" env:"JITTER"`
	// Probes is how many calls may run at the same time while the breaker is half-open. A probe that
	// never ends keeps its place: put a [Timeout] inside the breaker. Defaults to 1.
	Probes int `json:"probes" yaml:"probes" env:"PROBES"`
	// ProbeSuccesses is how many probes must succeed for the breaker to close; the first that fails,
	// or is slow, opens it again. Defaults to 1.
	ProbeSuccesses int `json:"probe_successes" yaml:"probe_successes" env:"PROBE_SUCCESSES"`
}

// minWindow bounds how often a window's timer fires.
const minWindow = 10 * time.Millisecond

// Validate reports everything that is wrong with c.
func (c BreakerConfig) Validate() error {
	var faults core.Faults
	requireShare(&faults, "FailureRate", c.FailureRate)
	requireShare(&faults, "SlowRate", c.SlowRate)
	faults.Require(c.MinCalls >= 0, "MinCalls", c.MinCalls, "must not be negative")
	faults.Require(c.Window == 0 || c.Window >= minWindow, "Window", c.Window, "must be at least "+minWindow.String())
	faults.Require(c.SlowCall >= 0, "SlowCall", c.SlowCall, "must not be negative")
	faults.Require(c.SlowRate == 0 || c.SlowCall != 0, "SlowRate", c.SlowRate, "must not be set without SlowCall")
	faults.Require(c.Consecutive >= 0, "Consecutive", c.Consecutive, "must not be negative")
	byRate := c.FailureRate != 0 || c.MinCalls != 0 || c.Window != 0 || c.SlowCall != 0 || c.SlowRate != 0
	faults.Require(c.Consecutive == 0 || !byRate, "Consecutive", c.Consecutive,
		"must not be set with FailureRate, MinCalls, Window, SlowCall or SlowRate")
	faults.Require(c.OpenFor >= 0, "OpenFor", c.OpenFor, "must not be negative")
	faults.Require(c.OpenFor <= maxDuration, "OpenFor", c.OpenFor, "must be at most "+maxDuration.String())
	faults.Require(c.Window <= maxDuration, "Window", c.Window, "must be at most "+maxDuration.String())
	faults.Require(c.Jitter <= 1, "Jitter", c.Jitter, "must be at most 1") // so NaN is at fault
	faults.Require(c.Probes >= 0, "Probes", c.Probes, "must not be negative")
	faults.Require(c.ProbeSuccesses >= 0, "ProbeSuccesses", c.ProbeSuccesses, "must not be negative")
	return faults.Err()
}

// maxDuration bounds what is added to a time.
const maxDuration = 10 * 365 * 24 * time.Hour

// requireShare notes a share that is neither 0, which stands for its default, nor a share.
func requireShare(faults *core.Faults, field string, v float64) {
	faults.Require(v >= 0 && v <= 1, field, v, "must be above 0 and at most 1")
}

func (c BreakerConfig) withDefaults() BreakerConfig {
	orDefault(&c.FailureRate, 0.5)
	orDefault(&c.MinCalls, 20)
	orDefault(&c.Window, 10*time.Second)
	orDefault(&c.SlowRate, 0.5)
	orDefault(&c.OpenFor, 5*time.Second)
	orDefault(&c.Jitter, 0.1)
	orDefault(&c.Probes, 1)
	orDefault(&c.ProbeSuccesses, 1)
	c.Jitter = max(c.Jitter, 0)
	return c
}

// orDefault sets what was not set.
func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
