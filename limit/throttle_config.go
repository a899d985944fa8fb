package limit

import (
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// ThrottleConfig is the config of a [Throttle].
type ThrottleConfig struct {
	// K is how many requests are let pass for each one the backend accepts. More of them cost the
	// backend more, and show sooner that it has recovered. Defaults to 2.
	K float64 `json:"k" yaml:"k" env:"K"`
	// Window is how long a request counts. Defaults to 2 min.
	Window time.Duration `json:"window" yaml:"window" env:"WINDOW"`
	// MinRequests is how many requests there must be in the window for any to be rejected. Defaults
	// to 10.
	MinRequests int `json:"min_requests" yaml:"min_requests" env:"MIN_REQUESTS"`
	// MaxRejection is the highest probability of a rejection: the others find out whether the backend
	// has recovered. Defaults to 0.95.
	MaxRejection float64 `json:"max_rejection" yaml:"max_rejection" env:"MAX_REJECTION"`
}

// Validate reports everything that is wrong with c.
func (c ThrottleConfig) Validate() error { return c.withDefaults().check() }

func (c ThrottleConfig) check() error {
	var faults core.Faults
	faults.Require(c.K >= 1 && c.K <= maxK, "K", c.K, fmt.Sprintf("must be from 1 to %d", maxK))
	requireWithin(&faults, "Window", c.Window, time.Second, 24*time.Hour)
	faults.Require(c.MinRequests > 0, "MinRequests", c.MinRequests, "must not be negative")
	faults.Require(c.MaxRejection > 0 && c.MaxRejection < 1, "MaxRejection", c.MaxRejection, "must be above 0 and below 1")
	return faults.Err()
}

const maxK = 1000

func (c ThrottleConfig) withDefaults() ThrottleConfig {
	if c.K == 0 {
		c.K = 2
	}
	if c.Window == 0 {
		c.Window = 2 * time.Minute
	}
	if c.MinRequests == 0 {
		c.MinRequests = 10
	}
	if c.MaxRejection == 0 {
		c.MaxRejection = 0.95
	}
	return c
}
