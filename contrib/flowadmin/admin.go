package flowadmin

import (
	"errors"
	"html/template"
	"net/http"
	"path"
	"strings"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// Admin is the handler of the admin port. It is safe for concurrent use.
type Admin struct {
	name    string
	hosts   map[string]bool
	health  *health.Registry // nil: no probes
	metrics http.Handler     // nil: no metrics
	console http.Handler     // nil: no console
	pages   []Page
	mux     *http.ServeMux
	index   []link
}

// link is one line of the index.
type link struct{ Path, Text string }

// New makes the handler. The name is the title of its index, and the subject of its errors.
func New(name string, cfg Config, opts ...Option) (*Admin, error) {
	if err := core.Configure("flowadmin", name, cfg.Validate()); err != nil {
		return nil, err
	}
	a := &Admin{name: name, hosts: map[string]bool{"localhost": true}, mux: http.NewServeMux()}
	for _, h := range cfg.Hosts {
		host, _ := parseHost(h)
		a.hosts[host] = true
	}
	for _, o := range opts {
		o.apply(a)
	}
	if err := core.Configure("flowadmin", name, a.validPages()); err != nil {
		return nil, err
	}
	a.route(cfg.Profiling)
	return a, nil
}

// Where the profiles and the console are.
const (
	profiles = "/debug/pprof/"
	console  = "/debug/flow/"
)

// validPages reports what is wrong with the application's pages.
func (a *Admin) validPages() error {
	taken := map[string]bool{"/livez": true, "/readyz": true, "/startupz": true, "/metrics": true}
	var faults []error
	for _, p := range a.pages {
		faults = append(faults, p.validate(taken))
		taken[p.Path] = true
	}
	return errors.Join(faults...)
}

func (a *Admin) route(profiling bool) {
	if a.health != nil {
		a.add("/livez", "liveness probe", a.probe(health.Liveness))
		a.add("/readyz", "readiness probe", a.probe(health.Readiness))
		a.add("/startupz", "startup probe", a.probe(health.Startup))
	}
	if a.metrics != nil {
		a.add("/metrics", "metrics", a.metrics)
	}
	if profiling {
		a.add(profiles, "profiles", a.guard(newProfiler()))
	}
	if a.console != nil {
		a.add(console, "the console", a.guard(http.StripPrefix(strings.TrimSuffix(console, "/"), a.console)))
	}
	for _, p := range a.pages {
		a.add(p.Path, p.Text, a.guard(p.Handler))
	}
	a.mux.Handle("/", a.guard(http.HandlerFunc(a.serveIndex)))
}

// add serves h and lists it in the index.
func (a *Admin) add(at, text string, h http.Handler) {
	a.mux.Handle(at, h)
	a.index = append(a.index, link{at, text})
}

// ServeHTTP answers a request.
func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !a.consoles(r) {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are allowed", http.StatusMethodNotAllowed)
		return
	}
	if a.consoles(r) && path.Clean(r.URL.Path)+"/" != r.URL.Path && path.Clean(r.URL.Path) != r.URL.Path {
		http.NotFound(w, r) // the mux would send it elsewhere
		return
	}
	a.mux.ServeHTTP(w, r)
}

// consoles says whether a request is the console's, which alone may be sent something.
func (a *Admin) consoles(r *http.Request) bool {
	return a.console != nil && strings.HasPrefix(r.URL.Path, console)
}

func (a *Admin) serveIndex(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	showPage(w, page{Title: a.name, Links: a.index})
}

// page is what the only template shows.
type page struct {
	Title string
	Links []link
}

func showPage(w http.ResponseWriter, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pageTemplate.Execute(w, p) // fails only when the client has gone
}

var pageTemplate = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body>
<h1>{{.Title}}</h1>
<ul>
{{- range .Links}}
<li><a href="{{.Path}}">{{.Path}}</a> {{.Text}}</li>
{{- end}}
</ul>
</body>
</html>
`))
