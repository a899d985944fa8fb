package flowadmin_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core/health"
)

func TestProbesAnswerInOneWord(t *testing.T) {
	t.Parallel()
	admin, registry := everything(t)
	for _, c := range []struct {
		state                   health.State
		live, ready, hasStarted int
	}{
		{health.Starting, 200, 503, 503},
		{health.Ready, 200, 200, 200},
		{health.Draining, 200, 503, 200},
		{health.Stopped, 200, 503, 200},
	} {
		registry.SetState(c.state)
		for path, want := range map[string]int{"/livez": c.live, "/readyz": c.ready, "/startupz": c.hasStarted} {
			w := get(admin, path)
			text := map[int]string{200: "ok", 503: "down"}[want]
			if w.Code != want || w.Body.String() != text || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
				t.Errorf("%s, %s: %d %q %q", c.state, path, w.Code, w.Body, w.Header().Get("Content-Type"))
			}
		}
	}
}

func TestProbesGiveTheReportWhenAsked(t *testing.T) {
	t.Parallel()
	changed := make(chan health.Change, 8)
	registry, err := health.New("app", health.Config{}, health.WithOnChange(func(c health.Change) { changed <- c }))
	if err != nil {
		t.Fatal(err)
	}
	admin, err := flowadmin.New("app", flowadmin.Config{}, flowadmin.WithHealth(registry))
	if err != nil {
		t.Fatal(err)
	}
	run := func(context.Context) error { return errors.New("no <connection>") }
	if err := registry.Add(health.Check{Name: "db", Run: run}); err != nil {
		t.Fatal(err)
	}
	registry.SetState(health.Ready)
	<-changed // the state
	if err := registry.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-changed // the check
	for _, w := range []*httptest.ResponseRecorder{
		get(admin, "/readyz?verbose"), get(admin, "/readyz?verbose=1"),
		get(admin, "/readyz", "Accept", "application/json"), get(admin, "/readyz", "Accept", "text/html, application/json;q=0.9"),
	} {
		var got struct {
			Name, Group, Status, State string
			Checks                     []struct {
				Name, Status, Error string
				Failures            int
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%v in %s", err, w.Body)
		}
		if w.Code != 503 || w.Header().Get("Content-Type") != "application/json" || got.State != "ready" || got.Status != "down" ||
			len(got.Checks) != 1 || got.Checks[0].Name != "db" || got.Checks[0].Error != "no <connection>" || got.Checks[0].Failures != 1 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if err := registry.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestADegradedCheckIsShownAndFailsNoProbe(t *testing.T) {
	t.Parallel()
	changed := make(chan health.Change, 8)
	registry, err := health.New("app", health.Config{}, health.WithOnChange(func(c health.Change) { changed <- c }))
	if err != nil {
		t.Fatal(err)
	}
	admin, err := flowadmin.New("app", flowadmin.Config{}, flowadmin.WithHealth(registry))
	if err != nil {
		t.Fatal(err)
	}
	add := registry.Add(health.Check{Name: "mirror", Run: func(context.Context) error { return health.ErrDegraded }})
	if err := errors.Join(add, registry.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	<-changed // the check
	registry.SetState(health.Ready)
	w := get(admin, "/readyz?verbose")
	var got struct {
		Status   string
		Degraded int
		Checks   []struct{ Status string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	if w.Code != 200 || got.Status != "up" || got.Degraded != 1 || got.Checks[0].Status != "degraded" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get(admin, "/readyz"); w.Code != 200 || w.Body.String() != "ok" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if err := registry.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
