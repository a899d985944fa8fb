package flowadmin

import (
	"fmt"
	"net/http"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// Config is the config of an [Admin].
type Config struct {
	// Hosts are the names or addresses under which the index and the profiles are served, besides
	// localhost and loopback addresses. They have no port, and an IPv6 address stands in brackets.
	// Probes and metrics are served under any. Defaults to none.
	Hosts []string

	// Profiling serves /debug/pprof/. Defaults to off.
	Profiling bool
}

// Validate reports what is wrong with c.
func (c Config) Validate() error {
	var faults core.Faults
	for i, host := range c.Hosts {
		_, ok := parseHost(host)
		faults.Require(ok, fmt.Sprintf("Hosts[%d]", i), host, "must be a name, an IPv4 address or a bracketed IPv6 address, without a port")
	}
	return faults.Err()
}

// Option changes an [Admin] in code.
type Option interface{ apply(*Admin) }

type optionFunc func(*Admin)

func (f optionFunc) apply(a *Admin) { f(a) }

// WithHealth serves the probes from r. Without it there are none.
func WithHealth(r *health.Registry) Option {
	return optionFunc(func(a *Admin) { a.health = r })
}

// WithMetrics serves h at /metrics. Without it there is no such endpoint.
func WithMetrics(h http.Handler) Option {
	return optionFunc(func(a *Admin) { a.metrics = h })
}
