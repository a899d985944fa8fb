package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// limiter is an engine with all there is to do with one.
func limiter(t *testing.T) *flowadmin.Engines {
	t.Helper()
	rate := "50/s"
	engines := new(flowadmin.Engines)
	_, err := engines.Add(flowadmin.Engine{
		Kind: "limiter", Name: "api",
		State: func() []flowadmin.Field { return []flowadmin.Field{{Name: "rate", Value: rate}} },
		Actions: []flowadmin.Action{
			{
				Name: "set_rate", Text: "Set the rate", Confirm: true,
				Params: []flowadmin.Param{{Name: "rate", Text: "permits a second", Current: func() string { return rate }}, {Name: "burst", Current: func() string { panic("none") }}},
				Do: func(_ context.Context, args map[string]string) (string, error) {
					before := rate
					rate = args["rate"]
					return fmt.Sprintf("rate %s -> %s", before, rate), nil
				},
			},
			{Name: "fail", Do: func(context.Context, map[string]string) (string, error) { return "", errors.New("it is stuck") }},
			{Name: "panic", Do: func(context.Context, map[string]string) (string, error) { panic("oh") }},
			{Name: "hang", Do: func(ctx context.Context, _ map[string]string) (string, error) { <-ctx.Done(); return "", ctx.Err() }},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return engines
}

func act(action, args string) string {
	return fmt.Sprintf(`{"kind":"limiter","name":"api","action":%q,"args":%s}`, action, args)
}

func TestActionsAreDoneAndTold(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{Token: token}, s.recorder, console.WithEngines(limiter(t)), console.WithTelemetry(rec.Options()...)))
	for _, a := range []struct {
		name, action, args string
		code               int
		answer             string
	}{
		{"done", "set_rate", `{"rate":"100/s","burst":"5"}`, 200, `{"result":"rate 50/s -\u003e 100/s"}`},
		{"failed", "fail", `{}`, 422, `{"error":"it is stuck"}`},
		{"without args", "fail", `null`, 422, `{"error":"it is stuck"}`},
		{"panicked", "panic", `{}`, 422, `{"error":"core: task panicked: oh"}`},
		{"a missing arg", "set_rate", `{"rate":"1/s"}`, 400, `{"error":"args must have \"burst\""}`},
		{"an arg too many", "fail", `{"x":"1"}`, 400, `{"error":"args must not have \"x\""}`},
		{"an unknown action", "explode", `{}`, 404, `{"error":"there is no such engine, or it has no such action"}`},
	} {
		res, text := c.do(http.MethodPost, "api/actions", act(a.action, a.args), asJSON, withToken)
		if res.StatusCode != a.code || text != a.answer {
			t.Errorf("%s: got %d %s, want %d %s", a.name, res.StatusCode, text, a.code, a.answer)
		}
	}
	for range 20 {
		c.do(http.MethodPost, "api/actions", act("fail", "{}"), asJSON)
	}
	count := func(n int64, attrs ...attribute.KeyValue) {
		t.Helper()
		rec.RequireSum("goflow.console.actions", n, attrs...)
	}
	kind := flowconv.ConsoleEngineKindKey.String("limiter")
	count(1, kind, flowconv.ConsoleOutcomeKey.String("done"))
	count(3, kind, flowconv.ConsoleOutcomeKey.String("failed"))
	count(20, flowconv.ConsoleOutcomeKey.String("refused"))
	rec.RequireEvent("goflow.console.action",
		flowconv.ConsoleNameKey.String("console"), kind, flowconv.ConsoleEngineNameKey.String("api"), flowconv.ConsoleActionKey.String("set_rate"),
		flowconv.ConsoleArgumentsKey.String(`{"burst":"5","rate":"100/s"}`), flowconv.ConsoleResultKey.String("rate 50/s -> 100/s"),
		flowconv.ConsoleOutcomeKey.String("done"), flowconv.NetworkPeerAddressKey.String("127.0.0.1"))
	rec.RequireEvent("goflow.console.action", flowconv.ConsoleOutcomeKey.String("failed"), flowconv.ErrorTypeKey.String(core.TypePanic))
	refusals := 0
	for _, e := range rec.Logs() {
		if strings.Contains(e.Body().AsString(), "refused") {
			refusals++
		}
		if text := fmt.Sprint(e); strings.Contains(text, token) {
			t.Errorf("an event shows the token: %s", text)
		}
	}
	if refusals == 0 || refusals > 10 {
		t.Errorf("20 refusals in a moment are %d events", refusals)
	}
	rec.RequireDeclared()
	rec.RequireEmitted("goflow.console.")
}

func TestActionHasTenSeconds(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := newConsole(t, console.Config{Token: token}, s.recorder, console.WithEngines(limiter(t)))
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/api/actions", strings.NewReader(act("hang", "{}")))
		if err != nil {
			t.Fatal(err)
		}
		asJSON(r)
		withToken(r)
		began, w := time.Now(), newAnswer()
		leave() // the client goes: the action does not
		c.ServeHTTP(w, r)
		if took := time.Since(began); took != 10*time.Second || w.code != http.StatusUnprocessableEntity {
			t.Errorf("got %d after %v, want 422 after 10 s", w.code, took)
		}
	})
}

// answer takes an answer.
type answer struct {
	header http.Header
	code   int
	body   strings.Builder
}

func newAnswer() *answer                      { return &answer{header: make(http.Header)} }
func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
func (a *answer) WriteHeader(code int)        { a.code = code }

func TestEnginesAreShownWithWhatCanBeDone(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	engines := limiter(t)
	if _, err := engines.Add(flowadmin.Engine{Kind: "job", Name: "bad", State: func() []flowadmin.Field { panic("oh") }}); err != nil {
		t.Fatal(err)
	}
	c := serve(t, newConsole(t, console.Config{}, s.recorder, console.WithEngines(engines)))
	_, text := c.do(http.MethodGet, "api/engines", "")
	want := `[{"kind":"job","name":"bad","state":[{"name":"error","value":"core: task panicked: oh"}],"actions":[],"series":[]},` +
		`{"kind":"limiter","name":"api","state":[{"name":"rate","value":"50/s"}],"actions":[` +
		`{"name":"set_rate","text":"Set the rate","confirm":true,"params":[{"name":"rate","text":"permits a second","value":"50/s"},{"name":"burst","text":"","value":""}]},` +
		`{"name":"fail","text":"","confirm":false,"params":[]},{"name":"panic","text":"","confirm":false,"params":[]},{"name":"hang","text":"","confirm":false,"params":[]}],"series":[]}]`
	if text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if !json.Valid([]byte(text)) {
		t.Error("it is no JSON")
	}
}
