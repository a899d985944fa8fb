package adminfx_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
	"github.com/goflow-go/goflow/fxmodule/telemetryfx"
)

// serve starts an application with the admin port on a free one, and gives what asks it.
func serve(t *testing.T, cfg adminfx.Config, opts ...fx.Option) (get func(path string) (int, string)) {
	t.Helper()
	cfg.Addr = "127.0.0.1:0"
	var s adminfx.Server
	a := fx.New(fx.NopLogger, adminfx.Module, fx.Supply(cfg), fx.Populate(&s), fx.Options(opts...))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return func(path string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr().String()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
}

func TestProbesSayWhatTheRegistrySays(t *testing.T) {
	t.Parallel()
	var registry *health.Registry
	get := serve(t, adminfx.Config{}, healthfx.Module, fx.Populate(&registry))
	for _, c := range []struct {
		state health.State
		ready int
	}{
		{health.Starting, http.StatusServiceUnavailable},
		{health.Ready, http.StatusOK},
		{health.Draining, http.StatusServiceUnavailable},
	} {
		registry.SetState(c.state)
		if code, _ := get("/readyz"); code != c.ready {
			t.Errorf("/readyz answers %d in state %v, want %d", code, c.state, c.ready)
		}
		if code, _ := get("/livez"); code != http.StatusOK {
			t.Errorf("/livez answers %d in state %v", code, c.state)
		}
	}
}

func TestThereIsWhatTheApplicationHas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts []fx.Option
		cfg  flowadmin.Config
		want map[string]int
	}{
		"nothing": {
			want: map[string]int{"/": 200, "/readyz": 404, "/metrics": 404, "/debug/pprof/": 404},
		},
		"health": {
			opts: []fx.Option{healthfx.Module},
			want: map[string]int{"/": 200, "/livez": 200, "/metrics": 404},
		},
		"telemetry": {
			opts: []fx.Option{telemetryfx.Module},
			want: map[string]int{"/": 200, "/livez": 404, "/metrics": 200},
		},
		"profiles, when asked for": {
			cfg:  flowadmin.Config{Profiling: true},
			want: map[string]int{"/debug/pprof/": 200},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			get := serve(t, adminfx.Config{Handler: c.cfg}, c.opts...)
			for path, want := range c.want {
				if code, _ := get(path); code != want {
					t.Errorf("%s answers %d, want %d", path, code, want)
				}
			}
		})
	}
}

func TestConfigValidateNamesEveryField(t *testing.T) {
	t.Parallel()
	if err := (adminfx.Config{}).Validate(); err != nil {
		t.Errorf("the zero Config: %v", err)
	}
	bad := adminfx.Config{Addr: "nowhere", Handler: flowadmin.Config{Hosts: []string{""}}}
	for name, err := range map[string]error{
		"Validate":        bad.Validate(),
		"the application": fx.New(fx.NopLogger, adminfx.Module, fx.Supply(bad)).Err(),
	} {
		if !errors.Is(err, core.ErrInvalid) {
			t.Fatalf("%s: %v, want an invalid config", name, err)
		}
		for _, part := range []string{"Addr must", "Hosts[0] must"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not contain %q", name, err, part)
			}
		}
	}
}

func TestTheModuleNeedsNothingElse(t *testing.T) {
	t.Parallel()
	if err := fx.ValidateApp(fx.NopLogger, adminfx.Module); err != nil {
		t.Error(err)
	}
}

func TestPagesOfTheApplicationAreOnTheAdminPort(t *testing.T) {
	t.Parallel()
	page := func() flowadmin.Page {
		return flowadmin.Page{Path: "/debug/traffic", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "much") })}
	}
	var admin adminfx.Server
	a := fx.New(fx.NopLogger, adminfx.Module, fx.Supply(adminfx.Config{Addr: "127.0.0.1:0"}), adminfx.AsPage(page), fx.Populate(&admin))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+admin.Addr().String()+"/debug/traffic", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(res.Body); err != nil || string(text) != "much" {
		t.Errorf("got %q, %v", text, err)
	}
	_ = res.Body.Close()
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := fx.New(fx.NopLogger, adminfx.Module, adminfx.AsPage(func() string { return "" })).Err(); err == nil || !strings.Contains(err.Error(), "AsPage wants a function that returns a flowadmin.Page, got func() string") {
		t.Errorf("a page of another type: %v", err)
	}
}
