package flowhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func TestTenOfTwentyFiveRequestsPass(t *testing.T) {
	t.Parallel()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerMinute(1), Burst: 10})
	s, c := serve(t, newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithLimit(clients)).Wrap(ok))
	began := time.Now()
	for i := range 25 {
		res := get(t, c, s.URL)
		if got, want := res.header.Get("RateLimit-Policy"), `"clients";q=10;w=600`; got != want {
			t.Errorf("request %d: RateLimit-Policy is %s, want %s", i, got, want)
		}
		got, left, next, least := res.header.Get("RateLimit"), 0, 0, 60-int(time.Since(began)/time.Second)
		if _, err := fmt.Sscanf(got, `"clients";r=%d;t=%d`, &left, &next); err != nil || left != max(9-i, 0) || next > 60 || next < least {
			t.Errorf("request %d: RateLimit is %s, want r=%d and t=%d or up to 60", i, got, max(9-i, 0), least)
		}
		if i < 10 {
			if res.status != http.StatusOK || res.body != "ok" || res.header.Get("Retry-After") != "" {
				t.Errorf("request %d: got %d %q, Retry-After %q; want 200 ok", i, res.status, res.body, res.header.Get("Retry-After"))
			}
			continue
		}
		requireProblem(t, res, 429, "quota-exceeded", []any{"clients"})
		if got := res.header.Get("Retry-After"); got != strconv.Itoa(next) {
			t.Errorf("request %d: Retry-After is %q, want %d", i, got, next)
		}
	}
	if got := clients.Stats(); got.Allowed != 10 || got.Denied != 15 {
		t.Errorf("got %+v, want 10 allowed and 15 denied", got)
	}
}

func TestOuterHandlersSeeEveryAnswer(t *testing.T) {
	t.Parallel()
	var seen []string
	see := func(who string) flowhttp.MiddlewareOption {
		return flowhttp.WithOuter(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r)
				seen = append(seen, who+" "+w.Header().Get("RateLimit"))
			})
		})
	}
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerMinute(1)})
	m := newMiddleware(t, flowhttp.MiddlewareConfig{}, see("first"), see("second"), flowhttp.WithLimit(clients))
	for _, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
		w := httptest.NewRecorder()
		m.Wrap(ok).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		if w.Code != want {
			t.Errorf("status %d, want %d", w.Code, want)
		}
	}
	want := []string{`second "clients";r=0;t=60`, `first "clients";r=0;t=60`, `second "clients";r=0;t=60`, `first "clients";r=0;t=60`}
	if !slices.Equal(seen, want) {
		t.Errorf("they saw %q, want %q", seen, want)
	}
}

// requireProblem checks an answer of application/problem+json, to the last member.
func requireProblem(t *testing.T, res reply, status int, kind string, violated []any) {
	t.Helper()
	want := map[string]any{
		"type":   "https://iana.org/assignments/http-problem-types#" + kind,
		"title":  "Request cannot be satisfied as assigned quota has been exceeded",
		"status": float64(status),
		"detail": "The request was not started; try again later.",
	}
	if kind == "temporary-reduced-capacity" {
		want["title"] = "Request cannot be satisfied due to temporary server capacity constraints"
	}
	if after := res.header.Get("Retry-After"); after != "" {
		want["detail"] = "The request was not started; try again in " + after + " s."
	}
	if violated != nil {
		want["violated-policies"] = violated
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(res.body), &got); err != nil {
		t.Fatalf("%v in %q", err, res.body)
	}
	same := maps.EqualFunc(got, want, func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) })
	if res.status != status || !same {
		t.Errorf("got %d %v, want %d %v", res.status, got, status, want)
	}
	if got := res.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type is %q", got)
	}
	if got := res.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
}

func TestQuotaFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		limiter             limit.KeyedLimiter
		policy, quota, wait string
	}{
		{
			"allowed", namedLimiter{fakeLimiter{decision: limit.Decision{Allowed: true, Limit: 40, Remaining: 39, Window: 2 * time.Second, NextAfter: 50 * time.Millisecond}}, "clients"},
			`"clients";q=40;w=2`, `"clients";r=39;t=1`, "",
		},
		{
			"nothing in use: no t", namedLimiter{fakeLimiter{decision: limit.Decision{Allowed: true, Limit: 1, Remaining: 1, Window: time.Minute}}, "a"},
			`"a";q=1;w=60`, `"a";r=1`, "",
		},
		{
			"times are rounded up, a window to at least a second", namedLimiter{fakeLimiter{decision: limit.Decision{Limit: 5, Window: time.Millisecond, RetryAfter: time.Second + 1, NextAfter: time.Second + 1}}, "a"},
			`"a";q=5;w=1`, `"a";r=0;t=2`, "2",
		},
		{
			"a denial without times", namedLimiter{fakeLimiter{decision: limit.Decision{Limit: 5}}, "a"},
			`"a";q=5;w=1`, `"a";r=0`, "1",
		},
		{
			"Retry-After is not before t", namedLimiter{fakeLimiter{decision: limit.Decision{Limit: 5, RetryAfter: time.Second, NextAfter: 3 * time.Second}}, "a"},
			`"a";q=5;w=1`, `"a";r=0;t=3`, "3",
		},
		{
			"negative numbers of a limiter gone wrong", namedLimiter{fakeLimiter{decision: limit.Decision{Allowed: true, Limit: -1, Remaining: -2, Window: -time.Second, NextAfter: -1}}, "a"},
			`"a";q=0;w=1`, `"a";r=0`, "",
		},
		{
			"a huge limit", namedLimiter{fakeLimiter{decision: limit.Decision{Allowed: true, Limit: 1 << 60, Window: 1<<63 - 1}}, "a"},
			`"a";q=999999999999999;w=9223372037`, `"a";r=0`, "",
		},
		{
			"a name is a String of RFC 9651", namedLimiter{fakeLimiter{decision: limit.Decision{Allowed: true}}, "a\"b\\c\r\né"},
			`"a\"b\\c%0D%0A%C3%A9";q=0;w=1`, `"a\"b\\c%0D%0A%C3%A9";r=0`, "",
		},
		{
			"a limiter without a name has the middleware's", fakeLimiter{decision: limit.Decision{Allowed: true}},
			`"edge";q=0;w=1`, `"edge";r=0`, "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			res := answer(newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithLimit(c.limiter)).Wrap(ok), from("192.0.2.1:1"))
			for field, want := range map[string]string{"RateLimit-Policy": c.policy, "RateLimit": c.quota, "Retry-After": c.wait} {
				if got := res.header.Get(field); got != want {
					t.Errorf("%s is %s, want %s", field, got, want)
				}
			}
		})
	}
}

func TestHeadersOffStillSaysWhenToRetry(t *testing.T) {
	t.Parallel()
	denied := fakeLimiter{decision: limit.Decision{Limit: 5, RetryAfter: 7 * time.Second}}
	m := newMiddleware(t, flowhttp.MiddlewareConfig{Headers: flowhttp.HeadersOff}, flowhttp.WithLimit(denied))
	res := answer(m.Wrap(ok), from("192.0.2.1:1"))
	if res.status != 429 || res.header.Get("Retry-After") != "7" || len(res.header["Ratelimit"])+len(res.header["Ratelimit-Policy"]) > 0 {
		t.Errorf("got %d %v, want 429 with Retry-After 7 and no RateLimit", res.status, res.header)
	}
}

func TestEachKeyHasItsOwnQuota(t *testing.T) {
	t.Parallel()
	cfg := limit.KeyedConfig{Rate: limit.PerHour(1)}
	byClient := newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithLimit(newKeyed(t, "clients", cfg))).Wrap(ok)
	tenant := func(r *http.Request) string { return r.Header.Get("Tenant") }
	byTenant := newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithLimit(newKeyed(t, "tenants", cfg)), flowhttp.WithKey(tenant)).Wrap(ok)
	for _, step := range []struct {
		name   string
		h      http.Handler
		peer   string
		tenant string
		want   int
	}{
		{"a client", byClient, "192.0.2.1:1", "", 200},
		{"the same from another port", byClient, "192.0.2.1:2", "", 429},
		{"another", byClient, "192.0.2.2:1", "", 200},
		{"IPv6", byClient, "[2001:db8::1]:1", "", 200},
		{"the same /64", byClient, "[2001:db8::ffff]:1", "", 429},
		{"another /64", byClient, "[2001:db8:0:1::1]:1", "", 200},
		{"a tenant", byTenant, "192.0.2.1:1", "a", 200},
		{"the same from elsewhere", byTenant, "192.0.2.2:1", "a", 429},
		{"no key", byTenant, "192.0.2.3:1", "", 200},
		{"no key shares one", byTenant, "192.0.2.4:1", "", 429},
	} {
		r := from(step.peer)
		r.Header.Set("Tenant", step.tenant)
		if got := answer(step.h, r).status; got != step.want {
			t.Errorf("%s: got %d, want %d", step.name, got, step.want)
		}
	}
}

func TestConcurrentRequestsTakeExactlyTheBurst(t *testing.T) {
	t.Parallel()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 50})
	var inUse gauge
	s, c := serve(t, newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithLimit(clients), flowhttp.WithPolicies(&inUse)).Wrap(ok))
	var mu sync.Mutex
	count := map[int]int{}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 10 {
				status := get(t, c, s.URL).status
				mu.Lock()
				count[status]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if count[200] != 50 || count[429] != 110 || inUse.inUse.Load() != 0 || inUse.done.Load() != 50 {
		t.Errorf("got %v, in use %d, done %d; want 50 times 200, 110 times 429", count, inUse.inUse.Load(), inUse.done.Load())
	}
}

// An overload limit refuses everything from its hard bound on, which one goroutine is past.
func TestWhatAnOverloadedProcessRefusesIs503WithRetryAfter(t *testing.T) {
	t.Parallel()
	o, err := limit.NewOverload("api", limit.OverloadConfig{HardGoroutines: 1, Interval: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	s, client := serve(t, newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(o)).Wrap(ok))
	for o.Rejection(limit.Critical) < 1 {
		<-time.After(time.Millisecond)
	}
	res := get(t, client, s.URL+"/?q=reflected", "X-Reflected", "reflected")
	if after, err := strconv.Atoi(res.header.Get("Retry-After")); err != nil || after < 1 {
		t.Errorf("Retry-After is %q, want seconds", res.header.Get("Retry-After"))
	}
	requireProblem(t, res, http.StatusServiceUnavailable, "temporary-reduced-capacity", nil)
}

func TestPolicyErrorsAreAnswered(t *testing.T) {
	t.Parallel()
	rejected := &limit.RejectedError{Limiter: "global", Decision: limit.Decision{Limit: 5, RetryAfter: 1500 * time.Millisecond}}
	for _, c := range []struct {
		name     string
		err      error
		status   int
		kind     string
		wait     string
		violated []any
	}{
		{"a limit said no", rejected, 429, "quota-exceeded", "2", []any{"global"}},
		{"wrapped", fmt.Errorf("outer: %w", rejected), 429, "quota-exceeded", "2", []any{"global"}},
		{"another's limit", classError{core.TypeRateLimited}, 429, "quota-exceeded", "", nil},
		{"a full queue", classError{core.TypeQueueFull}, 503, "temporary-reduced-capacity", "1", nil},
		{"an open breaker that knows until when", laterError{classError{core.TypeBreakerOpen}}, 503, "temporary-reduced-capacity", "3", nil},
		{"closed", core.ErrClosed, 503, "temporary-reduced-capacity", "", nil},
		{"too late", context.DeadlineExceeded, 503, "temporary-reduced-capacity", "", nil},
		{"anything else", errors.New("secret"), 503, "temporary-reduced-capacity", "", nil},
		{"skipped without an error", nil, 503, "temporary-reduced-capacity", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, client := serve(t, newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(refusing(c.err))).Wrap(ok))
			res := get(t, client, s.URL+"/?q=reflected", "X-Reflected", "reflected")
			if got := res.header.Get("Retry-After"); got != c.wait {
				t.Errorf("Retry-After is %q, want %q", got, c.wait)
			}
			requireProblem(t, res, c.status, c.kind, c.violated)
		})
	}
}

type classError struct{ class string }

func (e classError) Error() string        { return e.class }
func (e classError) ErrorType() string    { return e.class }
func (e classError) Is(target error) bool { return target == core.ErrRejected }

type laterError struct{ classError }

func (laterError) RetryAfter() time.Duration { return 3 * time.Second }

func TestLimiterErrorsFailClosedUnlessToldOpen(t *testing.T) {
	t.Parallel()
	broken := flowhttp.WithLimit(fakeLimiter{err: errors.New("no answer")})
	for mode, want := range map[flowhttp.FailureMode]int{flowhttp.FailClosed: 503, flowhttp.FailOpen: 200} {
		res := answer(newMiddleware(t, flowhttp.MiddlewareConfig{OnLimiterError: mode}, broken).Wrap(ok), from("192.0.2.1:1"))
		if res.status != want || len(res.header["Ratelimit"]) > 0 {
			t.Errorf("%v: got %d %v, want %d without RateLimit", mode, res.status, res.header, want)
		}
	}
}

func TestNewMiddlewareNamesEveryFault(t *testing.T) {
	t.Parallel()
	key := flowhttp.WithKey(flowhttp.ClientKey())
	for _, c := range []struct {
		name string
		cfg  string
		opts []flowhttp.MiddlewareOption
		want string
	}{
		{"", `{}`, nil, `flowhttp: "": name must not be empty, got ""`},
		{"edge", `{"trusted_proxies": ["10.0.0.0/8", ""]}`, nil, `flowhttp: "edge": TrustedProxies[1] must be a network such as 10.0.0.0/8, got invalid Prefix`},
		{"edge", `{"trusted_proxies": ["::ffff:10.0.0.0/104"]}`, nil, `flowhttp: "edge": TrustedProxies[0] must be written as an IPv4 network, got ::ffff:10.0.0.0/104`},
		{"edge", `{}`, []flowhttp.MiddlewareOption{key}, `flowhttp: "edge": WithKey needs WithLimit, got <nil>`},
	} {
		var cfg flowhttp.MiddlewareConfig
		if err := json.Unmarshal([]byte(c.cfg), &cfg); err != nil {
			t.Fatal(err)
		}
		_, err := flowhttp.NewMiddleware(c.name, cfg, c.opts...)
		if err == nil || err.Error() != c.want || !errors.Is(err, core.ErrInvalid) {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	_, err := flowhttp.NewMiddleware("edge", flowhttp.MiddlewareConfig{OnLimiterError: 9, Headers: 7})
	want := `flowhttp: "edge": OnLimiterError must be FailClosed or FailOpen, got 9; Headers must be HeadersDraft11 or HeadersOff, got 7`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestConfigReadsAndPrintsAsText(t *testing.T) {
	t.Parallel()
	const text = `{"trusted_proxies":["10.0.0.0/8"],"server_name":"api.example","on_limiter_error":"open","headers":"off","retry_after":2000000000}`
	var cfg flowhttp.MiddlewareConfig
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		t.Fatal(err)
	}
	if cfg.OnLimiterError != flowhttp.FailOpen || cfg.Headers != flowhttp.HeadersOff {
		t.Errorf("read %+v", cfg)
	}
	if got, err := json.Marshal(cfg); err != nil || string(got) != text {
		t.Errorf("got %s, %v", got, err)
	}
	for _, bad := range []string{`{"headers":"draft-3"}`, `{"on_limiter_error":""}`} {
		if err := json.Unmarshal([]byte(bad), &cfg); err == nil {
			t.Errorf("%s was read without an error", bad)
		}
	}
	if got := flowhttp.Headers(9).String(); got != "unknown" {
		t.Errorf("got %q, want unknown", got)
	}
}

func TestNilOptionsAreLeftOut(t *testing.T) {
	t.Parallel()
	m := newMiddleware(t, flowhttp.MiddlewareConfig{}, nil, flowhttp.WithLimit(nil), flowhttp.WithPolicies(nil), flowhttp.WithPropagators(nil))
	if res := answer(m.Wrap(ok), from("192.0.2.1:1")); res.status != 200 || m.Name() != "edge" {
		t.Errorf("got %s from %q", strconv.Itoa(res.status), m.Name())
	}
}
