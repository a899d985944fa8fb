package consolefx_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/consolefx"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
	"github.com/goflow-go/goflow/fxmodule/telemetryfx"
)

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// get asks the admin port, and reads the answer into v, if any.
func get(t *testing.T, s adminfx.Server, path, token string, v any) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr().String()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
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
	if v != nil {
		if err := json.Unmarshal(body, v); err != nil {
			t.Fatalf("%s: %v: %s", path, err, body)
		}
	}
	return res.StatusCode
}

const token = "0123456789abcdef"

func TestConsoleShowsTheApplicationItRunsIn(t *testing.T) {
	t.Parallel()
	var admin adminfx.Server
	var tracers trace.TracerProvider
	section := func() console.Section {
		return console.Section{Name: "traffic", Fields: func() []flowadmin.Field { return []flowadmin.Field{{Name: "lanes", Value: "2"}} }}
	}
	a := fx.New(fx.NopLogger, telemetryfx.Module, healthfx.Module, adminfx.Module, consolefx.Module, consolefx.AsSection(section),
		fx.Supply(adminfx.Config{Addr: "127.0.0.1:0"}), fx.Populate(&admin, &tracers))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, span := tracers.Tracer("test").Start(t.Context(), "work")
	span.End()
	var traces struct {
		Traces []struct{ Root string }
	}
	if code := get(t, admin, "/debug/flow/api/traces", "", &traces); code != http.StatusOK || len(traces.Traces) != 1 || traces.Traces[0].Root != "work" {
		t.Errorf("got %d, %+v, want the one trace", code, traces)
	}
	var app struct {
		State   string
		Private bool
	}
	if get(t, admin, "/debug/flow/api/app", "", &app); app.State != "starting" || app.Private {
		t.Errorf("got %+v, want the state of the health registry, for everyone", app)
	}
	var config struct{ Sections []struct{ Name string } }
	if get(t, admin, "/debug/flow/api/config", "", &config); !strings.Contains(fmt.Sprint(config), "traffic") {
		t.Errorf("got %+v, want the application's own section", config)
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestStopWaitsForNobodyWhoIsToldWhatIsNew(t *testing.T) {
	t.Parallel()
	var admin adminfx.Server
	a := fx.New(fx.NopLogger, telemetryfx.Module, adminfx.Module, consolefx.Module,
		fx.Supply(adminfx.Config{Addr: "127.0.0.1:0"}), fx.Populate(&admin))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+admin.Addr().String()+"/debug/flow/api/live", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); line != "event: tick\n" || err != nil {
		t.Fatalf("got %q, %v, want a tick", line, err)
	}
	began := time.Now()
	if err := a.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

func TestOtherMachinesNeedTheToken(t *testing.T) {
	t.Parallel()
	app := func(cfg consolefx.Config, addr string, more ...fx.Option) *fx.App {
		return fx.New(fx.NopLogger, adminfx.Module, consolefx.Module, fx.Supply(adminfx.Config{Addr: addr}, cfg), fx.Options(more...))
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0"} {
		err := app(consolefx.Config{}, addr).Err()
		if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "Token must not be empty") || !strings.Contains(err.Error(), addr) {
			t.Errorf("at %s: got %v, want an error that names Token", addr, err)
		}
	}
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0", "localhost:0", ""} {
		if err := app(consolefx.Config{}, addr).Err(); err != nil {
			t.Errorf("at %q: %v", addr, err)
		}
	}
	var admin adminfx.Server
	a := app(consolefx.Config{Console: console.Config{Token: token}}, "0.0.0.0:0", fx.Populate(&admin))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := "/debug/flow/api/app"
	if code := getLocal(t, admin, path, ""); code != http.StatusUnauthorized {
		t.Errorf("without the token: got %d, want 401", code)
	}
	if code := getLocal(t, admin, path, token); code != http.StatusOK {
		t.Errorf("with the token: got %d, want 200", code)
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// getLocal asks a server on all addresses by a name it knows.
func getLocal(t *testing.T, s adminfx.Server, path, token string) int {
	t.Helper()
	addr := s.Addr().String()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+addr[strings.LastIndexByte(addr, ':'):]+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	cfg := consolefx.Config{Recorder: console.RecorderConfig{MaxSeries: -1}, Console: console.Config{Private: true}}
	err := fx.New(fx.NopLogger, telemetryfx.Module, adminfx.Module, consolefx.Module, fx.Supply(cfg)).Err()
	if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "MaxSeries") || !strings.Contains(err.Error(), "Private") {
		t.Errorf("got %v, want both fields", err)
	}
	if err := fx.New(fx.NopLogger, consolefx.AsSection(func() int { return 0 })).Err(); err == nil {
		t.Error("a section of another type is let in")
	}
	if err := fx.ValidateApp(fx.NopLogger, adminfx.Module, consolefx.Module); err != nil {
		t.Errorf("without telemetry: %v", err)
	}
}
