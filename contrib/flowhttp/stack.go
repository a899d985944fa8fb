package flowhttp

import (
	"errors"
	"net/http"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// StackConfig is the config of a [Stack].
type StackConfig struct {
	// Middleware is the config of the middleware.
	Middleware MiddlewareConfig `json:"middleware" yaml:"middleware" envPrefix:"MIDDLEWARE_"`
	// Clients is the config of the limit of each client. Defaults to none, while its Rate is not set.
	Clients limit.KeyedConfig `json:"clients" yaml:"clients" envPrefix:"CLIENTS_"`
	// Concurrency is how many requests are served at the same time. Defaults to 0: no bound.
	Concurrency int `json:"concurrency" yaml:"concurrency" env:"CONCURRENCY"`
	// Adaptive makes the bound move with the latency of the handlers, from Concurrency on if that is
	// set: see limit.Adaptive. Answers of status 429, 503 and 504 tell it of overload. It is not for
	// handlers that stream, whose latency says nothing. Defaults to false.
	Adaptive bool `json:"adaptive" yaml:"adaptive" env:"ADAPTIVE"`
	// MaxWaiters is how many requests wait for one of those that are served to end; half of the places
	// are kept for critical ones (see WithImportance). More than can be served within what clients
	// endure is too many. Defaults to Concurrency, or 100 without; a negative value means that none wait.
	MaxWaiters int `json:"max_waiters" yaml:"max_waiters" env:"MAX_WAITERS"`
}

// Validate reports everything that is wrong with c.
func (c StackConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.Concurrency >= 0, "Concurrency", c.Concurrency, "must not be negative")
	var clients, line error
	if c.limited() {
		clients = part("Clients", c.Clients.Validate())
	}
	if c.Concurrency >= 0 {
		line = c.validLine()
	}
	return errors.Join(faults.Err(), part("Middleware", c.Middleware.Validate()), clients, line)
}

// validLine reports what is wrong with the bound.
func (c StackConfig) validLine() error {
	switch {
	case c.Adaptive:
		return c.adaptive().Validate()
	case c.Concurrency > 0:
		return c.concurrency().Validate()
	}
	return nil
}

// limited reports whether each client is limited.
func (c StackConfig) limited() bool { return c.Clients.Rate != limit.Rate{} }

// waiters gives how many wait, and how many of these places are for critical requests.
func (c StackConfig) waiters() (places, critical int) {
	switch {
	case c.MaxWaiters > 0:
		places = c.MaxWaiters
	case c.Concurrency > 0:
		places = c.Concurrency
	default:
		places = 100
	}
	return places, places / 2
}

func (c StackConfig) concurrency() limit.ConcurrencyConfig {
	places, critical := c.waiters()
	return limit.ConcurrencyConfig{Limit: c.Concurrency, Wait: c.MaxWaiters >= 0, MaxWaiters: places, CriticalWaiters: critical}
}

func (c StackConfig) adaptive() limit.AdaptiveConfig {
	places, critical := c.waiters()
	return limit.AdaptiveConfig{Initial: c.Concurrency, Wait: c.MaxWaiters >= 0, MaxWaiters: places, CriticalWaiters: critical}
}

// Stack is a [Middleware] with the usual limits of a server, which it owns. From the outside in: the
// limit of each client; the bound on what is served at the same time, which refuses first what matters
// least; the policies of [WithPolicies]. All methods are safe for concurrent use.
//
// There is no breaker in it: a breaker belongs around what a handler depends on, where it stops the
// calls that fail and no others. There is no timeout: see the package's words on when not to use it.
type Stack struct {
	*Middleware
	clients *limit.Keyed // nil: none
	permits interface {  // nil: no bound
		core.Policy
		Stats() limit.Stats
		Close()
	}
}

// NewStack makes a Stack. Its limits have its name. A wrong config is an error that names every field at
// fault. Close it when it is no longer needed.
func NewStack(name string, cfg StackConfig, opts ...MiddlewareOption) (*Stack, error) {
	if err := core.Configure("flowhttp", name, cfg.Validate()); err != nil {
		return nil, err
	}
	var o middlewareOptions
	for _, opt := range opts {
		if opt != nil {
			opt.applyMiddleware(&o)
		}
	}
	s := &Stack{}
	own, err := s.makeLimits(name, cfg, limit.WithTelemetry(o.telemetry...))
	if err == nil {
		s.Middleware, err = NewMiddleware(name, cfg.Middleware, append(own, opts...)...)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// makeLimits makes what the config asks for, and gives the options that put it in place.
func (s *Stack) makeLimits(name string, cfg StackConfig, to limit.Option) (own []MiddlewareOption, err error) {
	if cfg.limited() {
		if s.clients, err = limit.NewKeyed(name, cfg.Clients, to); err != nil {
			return nil, err
		}
		own = append(own, WithLimit(s.clients))
	}
	switch {
	case cfg.Adaptive:
		adaptive, err := limit.NewAdaptive(name, cfg.adaptive(), to)
		if err != nil {
			return nil, err
		}
		s.permits = adaptive
		return append(own, WithPolicies(adaptive), WithFailures(overloaded)), nil
	case cfg.Concurrency > 0:
		permits, err := limit.NewConcurrency(name, cfg.concurrency(), to)
		if err != nil {
			return nil, err
		}
		s.permits = permits
		return append(own, WithPolicies(permits)), nil
	}
	return own, nil
}

// overloaded is which statuses say that a handler, or what it depends on, has too much to do.
func overloaded(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// Clients is the limit of each client; nil without one.
func (s *Stack) Clients() *limit.Keyed { return s.clients }

// Requests reads the counters and the state of the bound on what is served at the same time; they are
// zero without one.
func (s *Stack) Requests() limit.Stats {
	if s.permits == nil {
		return limit.Stats{}
	}
	return s.permits.Stats()
}

// Close takes the limits out of telemetry. Requests being served go on. It is idempotent.
func (s *Stack) Close() {
	if s.clients != nil {
		s.clients.Close()
	}
	if s.permits != nil {
		s.permits.Close()
	}
}
