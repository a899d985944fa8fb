package resilience

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// StandardConfig is the config of a [Standard]. Its zero value is a good start for a call over a
// network.
type StandardConfig struct {
	// Timeout is how long a call may take with all its attempts and waits. Defaults to 10 s.
	Timeout time.Duration `json:"timeout" yaml:"timeout" env:"TIMEOUT"`
	// AttemptTimeout is how long each attempt may take. Defaults to a third of Timeout.
	AttemptTimeout time.Duration `json:"attempt_timeout" yaml:"attempt_timeout" env:"ATTEMPT_TIMEOUT"`
	// Retry is the retry's config. Its MaxDelay defaults to 1 s here, so that a call on an open
	// breaker ends at once unless the breaker will let a probe through within that time.
	Retry RetryConfig `json:"retry" yaml:"retry" envPrefix:"RETRY_"`
	// Breaker is the breaker's config.
	Breaker BreakerConfig `json:"breaker" yaml:"breaker" envPrefix:"BREAKER_"`
}

// Validate reports everything that is wrong with c.
func (c StandardConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.Timeout >= 0, "Timeout", c.Timeout, "must not be negative")
	faults.Require(c.AttemptTimeout >= 0, "AttemptTimeout", c.AttemptTimeout, "must not be negative")
	if d := c.withDefaults(); c.Timeout >= 0 {
		faults.Require(d.AttemptTimeout <= d.Timeout, "AttemptTimeout", d.AttemptTimeout, fmt.Sprintf("must be at most Timeout, %v", d.Timeout))
	}
	return errors.Join(faults.Err(), within("Retry", c.withDefaults().Retry.Validate()), within("Breaker", c.Breaker.Validate()))
}

// within says which part of a config is at fault.
func within(part string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", part, err)
}

func (c StandardConfig) withDefaults() StandardConfig {
	orDefault(&c.Timeout, 10*time.Second)
	orDefault(&c.AttemptTimeout, max(c.Timeout/3, 1))
	orDefault(&c.Retry.MaxDelay, time.Second)
	return c
}

// Standard is the usual stack around a call to something that may fail. From the outside in:
//
//   - a limit, when [WithLimiter] gives one: outermost, so that what is not admitted costs nothing,
//     and a call counts once however many attempts it takes;
//   - the timeout of the whole call: the caller's patience, waits included;
//   - the retry: outside the breaker, so that each attempt is one call to it, and none is made while
//     it is open;
//   - the breaker: outside the attempt's timeout, so that attempts that time out are its failures;
//   - the timeout of each attempt: so that one that hangs leaves time for another.
//
// Use core.Compose for another order. All methods are safe for concurrent use.
type Standard struct {
	name           string
	stack          core.Policy
	total, attempt *Timeout
	retry          *Retry
	breaker        *Breaker
}

// NewStandard makes the stack. Its parts have its name, and the attempt's timeout has name +
// "/attempt". The options are given to all parts. A wrong config is an error that names every field
// at fault. Close it when it is no longer needed.
func NewStandard(name string, cfg StandardConfig, opts ...Option) (*Standard, error) {
	if err := core.Configure(pkg, name, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	attempt, err := NewTimeout(name+"/attempt", TimeoutConfig{Timeout: cfg.AttemptTimeout}, opts...)
	if err != nil {
		return nil, err // the name is too long with its suffix; nothing else can be wrong any more
	}
	total, noTotal := NewTimeout(name, TimeoutConfig{Timeout: cfg.Timeout}, opts...)
	retry, noRetry := NewRetry(name, cfg.Retry, opts...)
	breaker, noBreaker := NewBreaker(name, cfg.Breaker, opts...)
	if err := errors.Join(noTotal, noRetry, noBreaker); err != nil {
		return nil, err
	}
	stack := core.Compose(newOptions(opts).limiter, total, retry, breaker, attempt)
	return &Standard{name: name, stack: stack, total: total, retry: retry, breaker: breaker, attempt: attempt}, nil
}

// Name is the name the stack was made with.
func (s *Standard) Name() string { return s.name }

// Retry is the stack's retry.
func (s *Standard) Retry() *Retry { return s.retry }

// Breaker is the stack's breaker.
func (s *Standard) Breaker() *Breaker { return s.breaker }

// Close takes the stack's parts out of telemetry; their counts stay in their kinds' totals. It does
// not close the limit. It is idempotent.
func (s *Standard) Close() {
	for _, part := range []interface{ Close() }{s.total, s.retry, s.breaker, s.attempt} {
		part.Close()
	}
}

// String gives the name and the breaker's state.
func (s *Standard) String() string {
	return fmt.Sprintf("standard %q: breaker %v", s.name, s.breaker.State())
}

// Do runs task under the stack, and returns its error or that of the part that ended it.
func (s *Standard) Do(ctx context.Context, task core.Task) error { return s.stack.Do(ctx, task) }
