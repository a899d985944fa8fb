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

	// Timeout is how long one run of a check may take before it is down. It is at most Interval.
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

	// Run returns nil when the thing works. It returns soon after ctx ends, which it does at the
	// registry's Timeout and on Stop. It is never called twice at a time.
	Run func(ctx context.Context) error
}

// Validate reports what is wrong with c.
func (c Check) Validate() error {
	var faults core.Faults
	faults.Require(c.Name != "", "Check.Name", c.Name, "must not be empty")
	faults.Require(len(c.Name) <= maxName, "Check.Name", c.Name, "must have at most 128 bytes")
	faults.Require(c.Group <= Startup, "Check.Group", uint8(c.Group), "must be Readiness, Liveness or Startup")
	faults.Require(c.Run != nil, "Check.Run", c.Name, "must not be nil")
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
	return optionFunc(func(r *Registry) { r.onChange = append(r.onChange, f) })
}
