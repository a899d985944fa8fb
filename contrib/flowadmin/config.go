package flowadmin

import (
	"fmt"
	"net/http"
	"path"
	"strings"

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

// Page is a page of the application's own.
type Page struct {
	Path    string // such as "/debug/traffic"; what lies below it is another page's
	Text    string // what it is, in the index
	Handler http.Handler
}

// validate reports what is wrong with p. A page has a path that no other has.
func (p Page) validate(taken map[string]bool) error {
	var faults core.Faults
	clean := strings.HasPrefix(p.Path, "/") && path.Clean(p.Path) == p.Path && !strings.ContainsAny(p.Path, " {}?#")
	faults.Require(clean, "Page.Path", p.Path, `must be a plain path such as "/debug/traffic"`)
	own := p.Path != "/" && !taken[p.Path] && !strings.HasPrefix(p.Path+"/", profiles) && !strings.HasPrefix(p.Path+"/", console)
	faults.Require(own, "Page.Path", p.Path, "must not be that of another page")
	faults.Require(p.Handler != nil, "Page.Handler", p.Path, "must not be nil")
	return faults.Err()
}

// WithPages serves pages of the application's own to those who may see the index, which lists them.
func WithPages(pages ...Page) Option {
	return optionFunc(func(a *Admin) { a.pages = append(a.pages, pages...) })
}

// WithConsole serves h at /debug/flow/, which is taken off the path, to those who may see the index. It
// is what package console makes. It alone takes other methods than GET and HEAD: who may change something
// is for it to say. Without it there is no such endpoint.
func WithConsole(h http.Handler) Option {
	return optionFunc(func(a *Admin) { a.console = h })
}

// WithMetrics serves h at /metrics. Without it there is no such endpoint.
func WithMetrics(h http.Handler) Option {
	return optionFunc(func(a *Admin) { a.metrics = h })
}
