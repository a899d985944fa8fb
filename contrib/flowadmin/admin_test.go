package flowadmin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// everything is an Admin with all endpoints.
func everything(t *testing.T) (*flowadmin.Admin, *health.Registry) {
	t.Helper()
	registry, err := health.New("app", health.Config{})
	if err != nil {
		t.Fatal(err)
	}
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "requests 1\n") })
	cfg := flowadmin.Config{Hosts: []string{"Admin.Example", "10.0.0.7", "[fd00::7]"}, Profiling: true}
	admin, err := flowadmin.New("app", cfg, flowadmin.WithHealth(registry), flowadmin.WithMetrics(metrics))
	if err != nil {
		t.Fatal(err)
	}
	return admin, registry
}

// get asks for a path at localhost; headers are pairs of name and value.
func get(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	return ask(h, http.MethodGet, "localhost:9090", path, headers...)
}

func ask(h http.Handler, method, host, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, path, nil)
	r.Host = host
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var paths = []string{
	"/", "/livez", "/readyz", "/startupz", "/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/goroutine",
}

func TestEveryAnswerHasTheSafeHeaders(t *testing.T) {
	t.Parallel()
	admin, _ := everything(t)
	check := func(w *httptest.ResponseRecorder, what string) {
		for name, want := range map[string]string{
			"Cache-Control":           "no-store",
			"Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
			"Referrer-Policy":         "no-referrer",
			"X-Content-Type-Options":  "nosniff",
		} {
			if got := w.Header().Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s is %q", what, name, got)
			}
		}
		for name := range w.Header() {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: has %s", what, name)
			}
		}
	}
	for _, path := range append(paths, "/nowhere", "/debug/pprof/nowhere", "/debug/pprof/profile?seconds=x") {
		check(get(admin, path, "Origin", "https://evil.test"), path)
		check(ask(admin, http.MethodPost, "localhost", path), "POST "+path)
		check(ask(admin, http.MethodGet, "evil.test", path), path+" at evil.test")
	}
}

func TestOnlyGetAndHeadAreAllowed(t *testing.T) {
	t.Parallel()
	admin, registry := everything(t)
	registry.SetState(health.Ready)
	for _, path := range append(paths, "/debug/pprof/profile", "/debug/pprof/trace") {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "X"} {
			w := ask(admin, method, "localhost", path)
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, Allow %q", method, path, w.Code, w.Header().Get("Allow"))
			}
		}
		if w := ask(admin, http.MethodHead, "localhost", path); w.Code != http.StatusOK {
			t.Errorf("HEAD %s: %d", path, w.Code)
		}
	}
}

func TestIndexListsWhatThereIs(t *testing.T) {
	t.Parallel()
	admin, _ := everything(t)
	w := get(admin, "/")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, path := range []string{"/livez", "/readyz", "/startupz", "/metrics", "/debug/pprof/"} {
		if link := fmt.Sprintf(`<a href=%q>`, path); !strings.Contains(w.Body.String(), link) {
			t.Errorf("no %s in\n%s", link, w.Body)
		}
	}
}

func TestIndexShowsTheNameAsText(t *testing.T) {
	t.Parallel()
	admin, err := flowadmin.New("<script>alert(1)</script>", flowadmin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if body := get(admin, "/").Body.String(); strings.Contains(body, "<script>") || !strings.Contains(body, "&lt;script&gt;") {
		t.Errorf("got %s", body)
	}
}

func TestWhatIsNotGivenIsNotServed(t *testing.T) {
	t.Parallel()
	admin, err := flowadmin.New("app", flowadmin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths[1:] {
		if w := get(admin, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if body := get(admin, "/").Body.String(); strings.Contains(body, "href") {
		t.Errorf("the index lists what there is not: %s", body)
	}
}

func TestUnknownPathsAreNotFound(t *testing.T) {
	t.Parallel()
	admin, _ := everything(t)
	for _, path := range []string{"/nowhere", "/livez/", "/livez/x", "/metrics/x", "/debug", "/debug/", "/debug/pprof/cmdline", "/debug/pprof/symbol", "/debug/vars"} {
		if w := get(admin, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestMetricsComeFromTheHandler(t *testing.T) {
	t.Parallel()
	admin, _ := everything(t)
	if w := get(admin, "/metrics"); w.Code != http.StatusOK || w.Body.String() != "requests 1\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestNewRefusesABadConfig(t *testing.T) {
	t.Parallel()
	if _, err := flowadmin.New("", flowadmin.Config{}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("no name: %v", err)
	}
	for _, host := range []string{"", "*", "*.example", "a b", "host:80", "10.0.0.7:80", "[fd00::7]:80", "fd00::7", "[fd00::7", "[10.0.0.7]", "[fe80::1%eth0]", "http://host", "host/", "hôst", "a\nb"} {
		_, err := flowadmin.New("app", flowadmin.Config{Hosts: []string{"fine", host}})
		want := fmt.Sprintf(`flowadmin: "app": Hosts[1] must be a name, an IPv4 address or a bracketed IPv6 address, without a port, got %q`, host)
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v", host, err)
		}
	}
}

func TestNothingIsRegisteredWithTheDefaultMux(t *testing.T) {
	t.Parallel()
	everything(t)
	for _, path := range append(paths, "/debug/vars", "/debug/flow/", "/debug/requests") {
		if _, pattern := http.DefaultServeMux.Handler(httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)); pattern != "" {
			t.Errorf("%s is served by %q", path, pattern)
		}
	}
}

func TestPagesOfTheApplicationAreServedToThoseWhoMaySeeTheIndex(t *testing.T) {
	t.Parallel()
	page := flowadmin.Page{Path: "/debug/traffic", Text: "what comes and goes", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "much") })}
	admin, err := flowadmin.New("app", flowadmin.Config{}, flowadmin.WithPages(page))
	if err != nil {
		t.Fatal(err)
	}
	if got := get(admin, "/debug/traffic"); got.Code != http.StatusOK || got.Body.String() != "much" {
		t.Errorf("the page is %d %q", got.Code, got.Body)
	}
	if got := get(admin, "/").Body.String(); !strings.Contains(got, `<a href="/debug/traffic">/debug/traffic</a> what comes and goes`) {
		t.Errorf("the index is %s", got)
	}
	if got := ask(admin, http.MethodGet, "evil.example", "/debug/traffic"); got.Code != http.StatusMisdirectedRequest {
		t.Errorf("another host gets %d", got.Code)
	}
}

func TestWrongPagesAreErrors(t *testing.T) {
	t.Parallel()
	h := http.NotFoundHandler()
	for name, c := range map[string]struct {
		pages []flowadmin.Page
		want  string
	}{
		"no path":            {[]flowadmin.Page{{Handler: h}}, `Page.Path must be a plain path such as "/debug/traffic", got ""`},
		"a relative path":    {[]flowadmin.Page{{Path: "traffic", Handler: h}}, "must be a plain path"},
		"a pattern":          {[]flowadmin.Page{{Path: "/{id}", Handler: h}}, "must be a plain path"},
		"a folder":           {[]flowadmin.Page{{Path: "/debug/", Handler: h}}, "must be a plain path"},
		"the index":          {[]flowadmin.Page{{Path: "/", Handler: h}}, "must not be that of another page"},
		"the metrics":        {[]flowadmin.Page{{Path: "/metrics", Handler: h}}, "must not be that of another page"},
		"among the profiles": {[]flowadmin.Page{{Path: "/debug/pprof/heap", Handler: h}}, "must not be that of another page"},
		"the profiles":       {[]flowadmin.Page{{Path: "/debug/pprof", Handler: h}}, "must not be that of another page"},
		"a path twice":       {[]flowadmin.Page{{Path: "/a", Handler: h}, {Path: "/a", Handler: h}}, "must not be that of another page"},
		"no handler":         {[]flowadmin.Page{{Path: "/a"}}, `Page.Handler must not be nil, got "/a"`},
	} {
		_, err := flowadmin.New("app", flowadmin.Config{}, flowadmin.WithPages(c.pages...))
		if !errors.Is(err, core.ErrInvalid) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, c.want)
		}
	}
}
