package console_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
	"github.com/goflow-go/goflow/core/health"
)

func TestAppSaysWhoItIsAndWhatIsKept(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{MaxSpanBytes: 2 << 20})
	c := serve(t, newConsole(t, console.Config{Token: token}, s.recorder))
	s.span(t.Context(), "work")
	counter, _ := s.meters.Meter("test").Int64Counter("a")
	counter.Add(t.Context(), 1)
	if err := s.recorder.Collect(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	var app struct {
		Service, Version, Instance, Go, Goflow, Started, State string
		MayAct                                                 bool `json:"may_act"`
		Private                                                bool
		Kept                                                   struct {
			Spans, Logs struct {
				Count, Bytes int
				MaxBytes     int `json:"max_bytes"`
				OneIn        int `json:"one_in"`
				Oldest       string
			}
			Series struct {
				Count, Max, Dropped, Points int
				MaxBytes                    int `json:"max_bytes"`
			}
		}
	}
	c.get("api/app", &app)
	if app.Service != "shop" || app.Version != "v1.2.3" || app.Instance != "one" || app.Go != runtime.Version() || app.State != "" || !app.MayAct || app.Private {
		t.Errorf("got %+v", app)
	}
	if _, err := time.Parse(time.RFC3339Nano, app.Started); err != nil {
		t.Errorf("started: %v", err)
	}
	if k := app.Kept.Spans; k.Count != 1 || k.Bytes < 60 || k.MaxBytes != 4<<20 || k.OneIn != 1 || k.Oldest == "" {
		t.Errorf("got spans %+v", k)
	}
	if k := app.Kept.Logs; k.Count != 0 || k.MaxBytes != 8<<20 || k.Oldest != "" {
		t.Errorf("got logs %+v", k)
	}
	if k := app.Kept.Series; k.Count != 1 || k.Max != 2000 || k.Points != 900 || k.MaxBytes > 12<<20 {
		t.Errorf("got series %+v", k)
	}
}

func TestHealthIsShown(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	var got struct {
		State  string
		Groups map[string]struct {
			Status string
			Checks []struct{ Name, Status string }
		}
		Changes []struct{ To string }
	}
	if serve(t, newConsole(t, console.Config{}, s.recorder)).get("api/health", &got); got.State != "" || len(got.Groups) != 0 || got.Changes == nil {
		t.Errorf("without a registry: got %+v", got)
	}
	registry, err := health.New("app", health.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Add(health.Check{Name: "db", Run: func(context.Context) error { return nil }}); err != nil {
		t.Fatal(err)
	}
	registry.SetState(health.Ready)
	serve(t, newConsole(t, console.Config{}, s.recorder, console.WithHealth(registry))).get("api/health", &got)
	if r := got.Groups["readiness"]; got.State != "ready" || len(got.Groups) != 3 || r.Status != "down" || len(r.Checks) != 1 || r.Checks[0].Status != "pending" || len(got.Changes) != 1 || got.Changes[0].To != "ready" {
		t.Errorf("got %+v", got)
	}
}

func TestSettingsAreShownWithoutSecrets(t *testing.T) {
	t.Parallel()
	got := console.Environment("HOME=/root", "OTEL_SERVICE_NAME=shop", "OTEL_EXPORTER_OTLP_HEADERS=authorization=abc", "OTEL_EXPORTER_OTLP_TRACES_HEADERS=abc",
		"OTEL_EXPORTER_OTLP_CLIENT_KEY=abc", "OTEL_X_TOKEN=abc", "OTEL_X_SECRET=abc", "OTEL_X_PASSWORD=abc", "OTEL_EXPORTER_OTLP_ENDPOINT=https://me:abc@collector:4318")
	want := "OTEL_EXPORTER_OTLP_CLIENT_KEY=set\nOTEL_EXPORTER_OTLP_ENDPOINT=https://collector:4318\nOTEL_EXPORTER_OTLP_HEADERS=set\nOTEL_EXPORTER_OTLP_TRACES_HEADERS=set\n" +
		"OTEL_SERVICE_NAME=shop\nOTEL_X_PASSWORD=set\nOTEL_X_SECRET=set\nOTEL_X_TOKEN=set\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{Token: token}, s.recorder, console.WithSections(
		console.Section{Name: "traffic", Fields: func() []flowadmin.Field { return []flowadmin.Field{{Name: "lanes", Value: "2"}} }},
		console.Section{Name: "broken", Fields: func() []flowadmin.Field { panic("oh") }},
	)))
	var config struct {
		Sections []struct {
			Name   string
			Fields []named
		}
		Deps []named
	}
	c.get("api/config", &config)
	var names []string
	for _, section := range config.Sections {
		names = append(names, section.Name)
	}
	if got := strings.Join(names, " "); got != "build runtime environment console traffic broken" {
		t.Errorf("got sections %s", got)
	}
	shown := fmt.Sprint(config.Sections)
	for _, part := range []string{"{lanes 2}", "{error core: task panicked: oh}", "{token set}", "{GOMAXPROCS ", "{GOGC ", "{GOMEMLIMIT ", "{go go1."} {
		if !strings.Contains(shown, part) {
			t.Errorf("got %s, want %s in it", shown, part)
		}
	}
	if strings.Contains(shown, token) {
		t.Errorf("the token is shown: %s", shown)
	}
}

// goroutines is the answer to api/goroutines.
type goroutines struct {
	Total  int
	Groups []struct {
		Kind, Name string
		Count      int
		Stacks     []struct {
			Count  int
			Frames []string
		}
	}
}

func TestGoroutinesAreGroupedByWhoseTheyAre(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	stop, ready := make(chan struct{}), make(chan struct{})
	defer close(stop)
	const name = `my "odd" job, {}`
	for range 3 {
		go pprof.Do(context.Background(), pprof.Labels("goflow.kind", "job", "goflow.name", name, "z", "1"), func(context.Context) {
			ready <- struct{}{}
			<-stop
		})
		<-ready
	}
	var got goroutines
	began := time.Now()
	c.get("api/goroutines", &got)
	total, found := 0, false
	for _, g := range got.Groups {
		total += g.Count
		if g.Kind != "job" || g.Name != name {
			continue
		}
		found = true
		if g.Count != 3 || len(g.Stacks) == 0 || !strings.Contains(fmt.Sprint(g.Stacks), "console/settings_test.go:") {
			t.Errorf("got %+v, want three of this file", g)
		}
	}
	if !found || total != got.Total || got.Total < 4 {
		t.Errorf("got %+v", got)
	}
	var again goroutines
	if c.get("api/goroutines", &again); again.Total != got.Total && time.Since(began) < time.Second {
		t.Errorf("got %d and %d, want one dump a second", got.Total, again.Total)
	}
}

func FuzzGoroutines(f *testing.F) {
	f.Add("goroutine profile: total 3\n2 @ 0x1 0x2\n# labels: {\"goflow.kind\":\"job\", \"goflow.name\":\"a\"}\n#\t0x1\tpkg.f+0xc4\t/usr/x/proc.go:435\n\n1 @ 0x3\n")
	f.Add("1 @\n# labels: {\"a\":\n#\t\t\t\n#\t0x1\tf\n-5 @ 0x1")
	f.Fuzz(func(t *testing.T, text string) {
		got, count := console.ParseGoroutines(strings.NewReader(text)), 0
		for _, g := range got.Groups {
			count += g.Count
		}
		if got.Total < count || count < 0 {
			t.Errorf("got %d in all, and %d in groups", got.Total, count)
		}
	})
}

func TestPageIsServed(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	res, text := c.do(http.MethodGet, "", "")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(text, "<!DOCTYPE html>") {
		t.Errorf("got %d, %s: %s", res.StatusCode, res.Header.Get("Content-Type"), text)
	}
	if res, _ := c.do(http.MethodHead, "", ""); res.StatusCode != http.StatusOK {
		t.Errorf("HEAD: got %d", res.StatusCode)
	}
	if res, _ := c.do(http.MethodGet, "assets/index.html", ""); res.StatusCode != http.StatusOK {
		t.Errorf("an asset: got %d", res.StatusCode)
	}
	for name, want := range map[string]string{"a.js": "text/javascript; charset=utf-8", "a.css": "text/css; charset=utf-8", "LICENSE": "text/plain; charset=utf-8", "a.svg": "image/svg+xml", "a.json": "application/json"} {
		if got := console.ContentType(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
