package console_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
	"github.com/goflow-go/goflow/core"
)

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

// nothing is a body for an action there is not.
const nothing = `{"kind":"limiter","name":"none","action":"set_rate","args":{}}`

func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	open := serve(t, newConsole(t, console.Config{}, s.recorder))
	guarded := serve(t, newConsole(t, console.Config{Token: token}, s.recorder))
	private := serve(t, newConsole(t, console.Config{Token: token, Private: true}, s.recorder))
	for _, c := range []struct {
		name         string
		to           client
		method, path string
		body         string
		change       []func(*http.Request)
		want         int
	}{
		{"a name that was made to resolve to us", open, "GET", "api/app", "", []func(*http.Request){host("evil.test")}, 421},
		{"the same for a page", open, "GET", "", "", []func(*http.Request){host("evil.test:80")}, 421},
		{"the same for an action", guarded, "POST", "api/actions", nothing, []func(*http.Request){host("evil.test"), withToken, asJSON}, 421},
		{"a page of another site reads", open, "GET", "api/app", "", []func(*http.Request){header("Origin", "http://evil.test")}, 403},
		{"a browser says that it is of another site", open, "GET", "api/traces", "", []func(*http.Request){header("Sec-Fetch-Site", "cross-site")}, 403},
		{"a page of another site acts", guarded, "POST", "api/actions", nothing, []func(*http.Request){header("Origin", "http://evil.test"), withToken, asJSON}, 403},
		{"no page at all, Origin null", guarded, "POST", "api/actions", nothing, []func(*http.Request){header("Origin", "null"), withToken, asJSON}, 403},
		{"another site's form", guarded, "POST", "api/actions", "kind=limiter", []func(*http.Request){header("Content-Type", "application/x-www-form-urlencoded"), header("Sec-Fetch-Site", "cross-site")}, 403},
		{"a form", guarded, "POST", "api/actions", "kind=limiter", []func(*http.Request){header("Content-Type", "application/x-www-form-urlencoded"), withToken}, 415},
		{"text", guarded, "POST", "api/actions", nothing, []func(*http.Request){header("Content-Type", "text/plain"), withToken}, 415},
		{"no token", guarded, "POST", "api/actions", nothing, []func(*http.Request){asJSON}, 401},
		{"a wrong token", guarded, "POST", "api/actions", nothing, []func(*http.Request){asJSON, header("Authorization", "Bearer "+token+"0")}, 401},
		{"a part of the token", guarded, "POST", "api/actions", nothing, []func(*http.Request){asJSON, header("Authorization", "Bearer "+token[:15])}, 401},
		{"the token by another scheme", guarded, "POST", "api/actions", nothing, []func(*http.Request){asJSON, header("Authorization", "Basic "+token)}, 401},
		{"the token in the URL", guarded, "POST", "api/actions?token=" + token, nothing, []func(*http.Request){asJSON}, 401},
		{"there is no token", open, "POST", "api/actions", nothing, []func(*http.Request){asJSON, withToken}, 403},
		{"there is none, and none is given", open, "POST", "api/actions", nothing, []func(*http.Request){asJSON, header("Authorization", "Bearer ")}, 403},
		{"a private console is looked at", private, "GET", "api/app", "", nil, 401},
		{"and told live", private, "GET", "api/live", "", nil, 401},
		{"with the token it may be", private, "GET", "api/app", "", []func(*http.Request){withToken}, 200},
		{"its page asks for the token", private, "GET", "", "", nil, 200},
		{"an action by GET", guarded, "GET", "api/actions", "", []func(*http.Request){withToken}, 405},
		{"another method", guarded, "DELETE", "api/traces", "", []func(*http.Request){withToken}, 405},
		{"a path out of the folder", open, "GET", "assets/../../../go.mod", "", nil, 404},
		{"the same, hidden", open, "GET", "assets/%2e%2e/console.go", "", nil, 404},
		{"the same, better hidden", open, "GET", "assets/..%2f..%2fconsole.go", "", nil, 404},
		{"the folder itself", open, "GET", "assets/", "", nil, 404},
		{"nothing", open, "GET", "api/nothing", "", nil, 404},
		{"a body too long", guarded, "POST", "api/actions", `{"kind":"` + strings.Repeat("x", 64<<10) + `"}`, []func(*http.Request){asJSON, withToken}, 400},
		{"no JSON", guarded, "POST", "api/actions", "kind", []func(*http.Request){asJSON, withToken}, 400},
		{"two of them", guarded, "POST", "api/actions", nothing + nothing, []func(*http.Request){asJSON, withToken}, 400},
		{"an unknown field", guarded, "POST", "api/actions", `{"token":"x"}`, []func(*http.Request){asJSON, withToken}, 400},
		{"an unknown engine", guarded, "POST", "api/actions", nothing, []func(*http.Request){asJSON, withToken}, 404},
		{"our own page", open, "GET", "api/app", "", []func(*http.Request){header("Sec-Fetch-Site", "same-origin")}, 200},
		{"a link from elsewhere", open, "GET", "", "", []func(*http.Request){header("Sec-Fetch-Site", "cross-site")}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.to.t = t
			res, text := c.to.do(c.method, c.path, c.body, c.change...)
			if res.StatusCode != c.want {
				t.Errorf("got %d, want %d: %s", res.StatusCode, c.want, text)
			}
			if strings.Contains(text, token) {
				t.Errorf("the answer shows the token: %s", text)
			}
			for name := range res.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("the answer has %s", name)
				}
			}
			if got := res.Header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("got X-Content-Type-Options %q, want nosniff", got)
			}
			if isAPI := strings.HasPrefix(c.path, "api/") && c.want != 421; isAPI && res.Header.Get("Content-Type") != "application/json" {
				t.Errorf("got Content-Type %q, want JSON", res.Header.Get("Content-Type"))
			}
		})
	}
}

func TestNamesAreTextWhateverTheyHold(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	const evil = `<script>alert(1)</script>`
	engines := new(flowadmin.Engines)
	if _, err := engines.Add(flowadmin.Engine{Kind: "limiter", Name: evil, State: func() []flowadmin.Field { return []flowadmin.Field{{Name: "key", Value: evil}} }}); err != nil {
		t.Fatal(err)
	}
	c := serve(t, newConsole(t, console.Config{}, s.recorder, console.WithEngines(engines)))
	s.span(t.Context(), evil)
	for _, path := range []string{"api/engines", "api/traces"} {
		res, text := c.do(http.MethodGet, path, "")
		if strings.Contains(text, "<script") || !strings.Contains(text, `\u003cscript\u003e`) {
			t.Errorf("%s: got %s, want it escaped", path, text)
		}
		if res.Header.Get("Content-Type") != "application/json" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got headers %v", path, res.Header)
		}
	}
}

func TestNothingIsServedByDefault(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/debug/flow/", "/debug/pprof/", "/api/app"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if _, pattern := http.DefaultServeMux.Handler(r); pattern != "" {
			t.Errorf("the default mux has %q", pattern)
		}
	}
}

func TestConfigValidateNamesEveryField(t *testing.T) {
	t.Parallel()
	_, err := console.NewRecorder(console.RecorderConfig{MaxSpanBytes: 1, MaxLogBytes: -1, MaxSeries: -1})
	for _, field := range []string{"MaxSpanBytes", "MaxLogBytes", "MaxSeries"} {
		if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), field) {
			t.Errorf("got %v, want it to name %s", err, field)
		}
	}
	_, err = console.New("", console.Config{Token: "secret"}, nil)
	for _, field := range []string{"name", "Token", "recorder"} {
		if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), field) {
			t.Errorf("got %v, want it to name %s", err, field)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows the token: %v", err)
	}
	if err := (console.Config{Private: true}).Validate(); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("private without a token: got %v", err)
	}
	if got := fmt.Sprintf("%v %+v %s %q", console.Secret(token), console.Config{Token: token}, console.Secret(token), console.Secret(token)); strings.Contains(got, token) {
		t.Errorf("the token is printed: %s", got)
	}
}

func TestRequireTokenMakesAConsolePrivate(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	if err := newConsole(t, console.Config{}, s.recorder).RequireToken(); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "Token") {
		t.Errorf("without a token: got %v", err)
	}
	open := newConsole(t, console.Config{Token: token}, s.recorder)
	c := serve(t, open)
	if res, _ := c.do(http.MethodGet, "api/app", ""); res.StatusCode != http.StatusOK {
		t.Errorf("before: got %d", res.StatusCode)
	}
	if err := open.RequireToken(); err != nil {
		t.Fatal(err)
	}
	if res, _ := c.do(http.MethodGet, "api/app", ""); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("after: got %d, want 401", res.StatusCode)
	}
}
