package health

import (
	"context"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Config is the config of a [Registry].
type Config struct {
	// Interval is the time from one run of a check to its next. Defaults to 10 s.
	Interval time.Duration

	// Timeout is how long one run of a check may take before it has failed. It is at most Interval.
	// Defaults to 2 s, or to Interval when that is shorter.
	Timeout time.Duration
}

const (
	defaultInterval = 10 * time.Second
	defaultTimeout  = 2 * time.Second
)

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	if c.Interval == 0 {
		c.Interval = defaultInterval
	}
	if c.Timeout == 0 {
		c.Timeout = min(defaultTimeout, c.Interval)
	}
	return c
}

// Validate reports what is wrong with c.
func (c Config) Validate() error {
	var faults core.Faults
	faults.Require(c.Interval >= 0, "Interval", c.Interval, "must not be negative")
	faults.Require(c.Timeout >= 0, "Timeout", c.Timeout, "must not be negative")
	if c.Interval >= 0 {
		interval := c.withDefaults().Interval
		faults.Require(c.Timeout <= interval, "Timeout", c.Timeout, "must not be above Interval, which is "+interval.String())
	}
	return faults.Err()
}

// Check says whether one thing works.
type Check struct {
	// Group is the probe the check is for. Defaults to Readiness.
	Group Group

	// Name is what reports call it. It is unique in its group.
	Name string

	// Run returns nil when the thing works, an error that matches [ErrDegraded] when it works worse
	// than it should, and any other error when it does not. It returns soon after ctx ends, which it
	// does at Timeout and on Stop. It is never called twice at a time.
	Run func(ctx context.Context) error

	// Interval is the time from one run to the next. Defaults to the registry's.
	Interval time.Duration

	// Timeout is how long one run may take before it has failed. It is at most Interval. Defaults to
	// the registry's, or to Interval when that is shorter.
	Timeout time.Duration

	// FailureThreshold is how many runs in a row must fail before the check is down, or be worse than
	// up before it is degraded. Defaults to 1.
	FailureThreshold int

	// SuccessThreshold is how many runs in a row must succeed before the check is up again, or must not
	// fail before it is no longer down. It counts for the first runs too. Defaults to 1.
	SuccessThreshold int
}

// withDefaults fills in what is zero.
func (c Check) withDefaults(registry Config) Check {
	if c.Interval == 0 {
		c.Interval = registry.Interval
	}
	if c.Timeout == 0 {
		c.Timeout = min(registry.Timeout, c.Interval)
	}
	if c.FailureThreshold == 0 {
		c.FailureThreshold = 1
	}
	if c.SuccessThreshold == 0 {
		c.SuccessThreshold = 1
	}
	return c
}

// Validate reports what is wrong with c.
func (c Check) Validate() error {
	var faults core.Faults
	faults.Require(c.Name != "", "Check.Name", c.Name, "must not be empty")
	faults.Require(len(c.Name) <= maxName, "Check.Name", c.Name, "must have at most 128 bytes")
	faults.Require(c.Group <= Startup, "Check.Group", uint8(c.Group), "must be Readiness, Liveness or Startup")
	faults.Require(c.Run != nil, "Check.Run", c.Name, "must not be nil")
	faults.Require(c.Interval >= 0, "Check.Interval", c.Interval, "must not be negative")
	faults.Require(c.Timeout >= 0, "Check.Timeout", c.Timeout, "must not be negative")
	if c.Interval > 0 {
		faults.Require(c.Timeout <= c.Interval, "Check.Timeout", c.Timeout, "must not be above the interval, which is "+c.Interval.String())
	}
	faults.Require(c.FailureThreshold >= 0, "Check.FailureThreshold", c.FailureThreshold, "must not be negative")
	faults.Require(c.SuccessThreshold >= 0, "Check.SuccessThreshold", c.SuccessThreshold, "must not be negative")
	return faults.Err()
}

// maxName bounds the names of checks, as those of instances are.
const maxName = 128

// Option changes a [Registry] in code.
type Option interface{ apply(*Registry) }

type optionFunc func(*Registry)

func (f optionFunc) apply(r *Registry) { f(r) }

// WithOnChange calls f on every change, of the state and of any check, after it has taken effect.
// It is called in the goroutine that made the change, so changes of different checks may come at
// the same time, and a slow f delays the check's next run. A panic of f is contained and dropped.
func WithOnChange(f func(Change)) Option {
	return optionFunc(func(r *Registry) { r.OnChange(f) })
}
