package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"path"
	"strings"
)

// route lays out the paths.
func (c *Console) route() {
	c.mux = http.NewServeMux()
	for path, h := range map[string]func(http.ResponseWriter, *http.Request){
		"GET /api/app":         c.serveApp,
		"GET /api/engines":     c.serveEngines,
		"GET /api/series":      c.serveSeries,
		"GET /api/live":        c.serveLive,
		"GET /api/traces":      c.serveTraces,
		"GET /api/traces/{id}": c.serveTrace,
		"GET /api/logs":        c.serveLogs,
		"GET /api/health":      c.serveHealth,
		"GET /api/boot":        c.serveBoot,
		"GET /api/config":      c.serveConfig,
		"GET /api/goroutines":  c.serveGoroutines,
	} {
		c.mux.HandleFunc(path, c.forViewers(h))
	}
	c.mux.HandleFunc("POST /api/actions", c.serveAction)
	c.mux.HandleFunc("GET /assets/{name...}", serveAsset)
	c.mux.HandleFunc("GET /{$}", serveIndex)
}

// ServeHTTP answers a request. Who may reach it at all, by what host, is for the handler around it to
// say.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if !c.sameOrigin(r) {
		c.inst.refused(r, "another site asked")
		fail(w, http.StatusForbidden, "requests of other sites are refused")
		return
	}
	if path.Clean(r.URL.Path) != strings.TrimSuffix(r.URL.Path, "/") && r.URL.Path != "/" {
		fail(w, http.StatusNotFound, "there is no such page")
		return
	}
	h, pattern := c.mux.Handler(r)
	if pattern == "" {
		c.lost(w, r, h)
		return
	}
	c.mux.ServeHTTP(w, r)
}

// lost answers a request for what there is not, or not by this method.
func (c *Console) lost(w http.ResponseWriter, r *http.Request, h http.Handler) {
	probe := status{header: make(http.Header)}
	h.ServeHTTP(&probe, r)
	if probe.code != http.StatusMethodNotAllowed {
		fail(w, http.StatusNotFound, "there is no such page")
		return
	}
	w.Header().Set("Allow", probe.header.Get("Allow"))
	fail(w, http.StatusMethodNotAllowed, "this method is not allowed")
}

// status takes an answer and keeps its head.
type status struct {
	header http.Header
	code   int
}

func (s *status) Header() http.Header         { return s.header }
func (s *status) Write(b []byte) (int, error) { return len(b), nil }
func (s *status) WriteHeader(code int)        { s.code = code }

// sameOrigin says whether a request is the console's own page's, or no browser's. Pages and their assets
// may be navigated to from anywhere. Reading is held to what changing is: there is nothing in it for
// another site, which could not read the answer.
func (c *Console) sameOrigin(r *http.Request) bool {
	strict := *r
	if strings.HasPrefix(r.URL.Path, "/api/") {
		strict.Method = http.MethodPost
	}
	return c.origins.Check(&strict) == nil
}

// forViewers serves h to those who may look.
func (c *Console) forViewers(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c.private.Load() && !c.admits(w, r) {
			return
		}
		h(w, r)
	}
}

// admits says whether a request has the token, and answers it when it has not.
func (c *Console) admits(w http.ResponseWriter, r *http.Request) bool {
	if c.cfg.Token == "" {
		c.inst.refused(r, "no token is configured")
		fail(w, http.StatusForbidden, "nothing can be changed here: no token is configured")
		return false
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	digest := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(digest[:], c.digest[:]) == 1 && strings.EqualFold(scheme, "Bearer") {
		return true
	}
	if token != "" {
		c.inst.refused(r, "the token is wrong")
	} else {
		c.inst.refused(r, "there is no token")
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	fail(w, http.StatusUnauthorized, "the token is missing or wrong")
	return false
}
