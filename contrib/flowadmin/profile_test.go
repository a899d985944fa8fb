package flowadmin_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
)

const (
	gzip   = "\x1f\x8b"
	octets = "application/octet-stream"
	text   = "text/plain; charset=utf-8"
)

// Not parallel: a process records one CPU profile and one trace at a time.
func TestProfilesAreTaken(t *testing.T) {
	admin, _ := everything(t)
	server := httptest.NewServer(admin)
	defer server.Close()
	defer server.Client().CloseIdleConnections()
	for path, want := range map[string]struct{ contentType, start string }{
		"profile?seconds=0.05": {octets, gzip},
		"trace?seconds=0.05":   {octets, "go 1."},
		"heap":                 {octets, gzip},
		"allocs?debug=0":       {octets, gzip},
		"goroutine?debug=1":    {text, "goroutine profile: "},
		"goroutine?debug=2":    {text, "goroutine "},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/debug/pprof/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != want.contentType || !strings.HasPrefix(string(body), want.start) {
			t.Errorf("%s: %s %v %.20q %v", path, resp.Status, resp.Header, body, err)
		}
		if file := resp.Header.Get("Content-Disposition") != ""; file != (want.contentType == octets) {
			t.Errorf("%s: as a file: %t", path, file)
		}
	}
}

// Not parallel: a process records one CPU profile at a time.
func TestACPUProfileOfSomeoneElseIsAConflict(t *testing.T) {
	admin, _ := everything(t)
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		t.Fatal(err)
	}
	defer pprof.StopCPUProfile()
	w := get(admin, "/debug/pprof/profile?seconds=1")
	if w.Code != http.StatusConflict || w.Header().Get("Content-Type") != text || w.Header().Get("Content-Disposition") != "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

// deadliner is a recorder that notes the write deadline it is given.
type deadliner struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (d *deadliner) SetWriteDeadline(t time.Time) error { d.deadline = t; return nil }

// Not parallel: a process records one CPU profile and one trace at a time.
func TestRecordingLastsThirtySecondsAtMostAndEndsWithTheClient(t *testing.T) {
	admin, _ := everything(t)
	const toRead = 30 * time.Second
	for path, want := range map[string]time.Duration{
		"profile": 30 * time.Second, "profile?seconds=31": 30 * time.Second, "profile?seconds=1e300": 30 * time.Second,
		"profile?seconds=inf": 30 * time.Second, "profile?seconds=12": 12 * time.Second,
		"trace": time.Second, "trace?seconds=999999": 30 * time.Second,
	} {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		w := &deadliner{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequestWithContext(gone, http.MethodGet, "/debug/pprof/"+path, nil)
		r.Host = "localhost"
		begin := time.Now()
		admin.ServeHTTP(w, r)
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%s: took %v although the client has gone", path, took)
		}
		if got := w.deadline.Sub(begin) - toRead; got < want || got > want+20*time.Second {
			t.Errorf("%s: would record %v, want %v", path, got, want)
		}
	}
}

func TestBadQueriesAreRefused(t *testing.T) {
	t.Parallel()
	admin, _ := everything(t)
	for _, path := range []string{
		"profile?seconds=0", "profile?seconds=-1", "profile?seconds=x", "profile?seconds=NaN", "profile?seconds=1e999", "trace?seconds=-inf",
		"heap?debug=3", "heap?debug=-1", "heap?debug=x", "heap?seconds=5",
	} {
		if w := get(admin, "/debug/pprof/"+path); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestProfilesAreNotForOtherSites(t *testing.T) {
	t.Parallel()
	admin, _ := everything(t)
	for site, want := range map[string]int{"cross-site": 403, "same-site": 200, "same-origin": 200, "none": 200} {
		if w := get(admin, "/debug/pprof/heap", "Sec-Fetch-Site", site); w.Code != want {
			t.Errorf("%s: %d", site, w.Code)
		}
	}
}

func TestProfilesAreListed(t *testing.T) {
	t.Parallel()
	admin, _ := everything(t)
	body := get(admin, "/debug/pprof/").Body.String()
	for _, link := range []string{`href="profile"`, `href="trace"`, `href="heap?debug=1"`, `href="goroutine?debug=1"`, `href="mutex?debug=1"`} {
		if !strings.Contains(body, link) {
			t.Errorf("no %s in\n%s", link, body)
		}
	}
}

// slow is a recorder whose first write waits to be let go.
type slow struct {
	*httptest.ResponseRecorder
	writing, letGo chan struct{}
}

func (s *slow) Write(p []byte) (int, error) {
	if s.writing != nil {
		close(s.writing)
		s.writing = nil
		<-s.letGo
	}
	return s.ResponseRecorder.Write(p)
}

func TestProfilesAreTakenOneAtATime(t *testing.T) {
	t.Parallel()
	admin, _ := everything(t)
	writing, done := make(chan struct{}), make(chan struct{})
	w := &slow{httptest.NewRecorder(), writing, make(chan struct{})}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/debug/pprof/goroutine?debug=2", nil)
	r.Host = "localhost"
	go func() {
		defer close(done)
		admin.ServeHTTP(w, r)
	}()
	<-writing
	for _, path := range []string{"/debug/pprof/heap", "/debug/pprof/profile", "/debug/pprof/trace"} {
		if got := get(admin, path); got.Code != http.StatusConflict {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
	if got := get(admin, "/livez"); got.Code != http.StatusOK {
		t.Errorf("a probe waits for a profile: %d", got.Code)
	}
	close(w.letGo)
	<-done
	if got := get(admin, "/debug/pprof/heap"); got.Code != http.StatusOK {
		t.Errorf("after it: %d", got.Code)
	}
}
