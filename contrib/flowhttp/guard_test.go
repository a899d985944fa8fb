package flowhttp_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
)

// serverErrors are the statuses that say that a handler failed.
var serverErrors = flowhttp.WithFailures(func(status int) bool { return status >= http.StatusInternalServerError })

// eachWay runs a test with policies that only admit, and with one that changes the context.
func eachWay(t *testing.T, test func(t *testing.T, inUse *gauge, policies flowhttp.Option)) {
	t.Helper()
	for name, policies := range map[string]func(*gauge) flowhttp.Option{
		"policies that only admit": func(g *gauge) flowhttp.Option { return flowhttp.WithPolicies(&gauge{}, g) },
		"a policy with a context":  func(g *gauge) flowhttp.Option { return flowhttp.WithPolicies(g, withValue) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var inUse gauge
			test(t, &inUse, policies(&inUse))
		})
	}
}

func TestPoliciesAreToldOfAHandlersFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"an error of the server", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, `flowhttp: "edge": handler answered 502 Bad Gateway`},
		{"an error of the client", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "<nil>"},
		{"nothing said", func(http.ResponseWriter, *http.Request) {}, "<nil>"},
		{"a body first", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x"); w.WriteHeader(500) }, "<nil>"},
		{"bytes first", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")); w.WriteHeader(500) }, "<nil>"},
		{"a file first", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, onlyReader{strings.NewReader("x")})
			w.WriteHeader(500)
		}, "<nil>"},
		{"a flush first", func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush(); w.WriteHeader(500) }, "<nil>"},
		{"a provisional answer", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(503) }, `flowhttp: "edge": handler answered 503 Service Unavailable`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			eachWay(t, func(t *testing.T, inUse *gauge, policies flowhttp.Option) {
				s, client := serve(t, newMiddleware(t, flowhttp.MiddlewareConfig{}, policies, serverErrors).Wrap(c.handler))
				get(t, client, s.URL)
				s.Close() // a handler that flushed may still be running when its answer is there
				if got := fmt.Sprint(inUse.outcome(t)); got != c.want {
					t.Errorf("told %s, want %s", got, c.want)
				}
			})
		})
	}
}

type onlyReader struct{ io.Reader }

func TestABreakerAroundAHandlerOpens(t *testing.T) {
	t.Parallel()
	breaker, err := resilience.NewBreaker("handler", resilience.BreakerConfig{Consecutive: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(breaker.Close)
	h := newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(breaker), serverErrors).Wrap(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	for i, want := range []int{500, 500, 500, 503} {
		if got := answer(h, from("192.0.2.1:1")); got.status != want || (want == 503) != (got.header.Get("Retry-After") != "") {
			t.Errorf("request %d: got %d, Retry-After %q, want %d", i, got.status, got.header.Get("Retry-After"), want)
		}
	}
}

func TestAResponseThatIsWatchedKeepsItsFaces(t *testing.T) {
	t.Parallel()
	faces := func(w http.ResponseWriter) string {
		_, flushes := w.(http.Flusher)
		_, hijacks := w.(http.Hijacker)
		_, reads := w.(io.ReaderFrom)
		_, pushes := w.(http.Pusher)
		_, writes := w.(io.StringWriter)
		return fmt.Sprint(flushes, hijacks, reads, pushes, writes)
	}
	eachWay(t, func(t *testing.T, _ *gauge, policies flowhttp.Option) {
		for name, c := range map[string]struct {
			http2 bool
			want  string
		}{
			"HTTP/1": {false, "true true true false true"},
			"HTTP/2": {true, "true false false true true"},
		} {
			s := httptest.NewUnstartedServer(newMiddleware(t, flowhttp.MiddlewareConfig{}, policies, serverErrors).Wrap(
				http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					if err := http.NewResponseController(w).EnableFullDuplex(); err != nil && !c.http2 {
						t.Errorf("%s: EnableFullDuplex: %v", name, err)
					}
					_, _ = io.WriteString(w, faces(w))
				})))
			s.EnableHTTP2 = c.http2
			s.StartTLS()
			t.Cleanup(s.Close)
			if got := get(t, s.Client(), s.URL).body; got != c.want {
				t.Errorf("%s: got %s, want %s", name, got, c.want)
			}
		}
	})
	plain := newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(&gauge{}), serverErrors).Wrap(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	w := &discard{http.Header{}}
	plain.ServeHTTP(w, from("192.0.2.1:1"))
}

func TestAHandlerThatPanicsGivesItsPermitBack(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inUse *gauge, policies flowhttp.Option) {
		h := newMiddleware(t, flowhttp.MiddlewareConfig{}, policies, serverErrors).Wrap(
			http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("recovered %v, want the handler's panic", got)
			}
			if inUse.inUse.Load() != 0 || !errors.Is(inUse.outcome(t), core.ErrAborted) {
				t.Errorf("%d in use, told %v; want 0 and an abort", inUse.inUse.Load(), inUse.outcome(t))
			}
		}()
		answer(h, from("192.0.2.1:1"))
	})
}

func TestAStreamHoldsItsPermitUntilItEnds(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inUse *gauge, policies flowhttp.Option) {
		goOn := make(chan struct{})
		s, c := serve(t, newMiddleware(t, flowhttp.MiddlewareConfig{}, policies, serverErrors).Wrap(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "first ")
				_ = http.NewResponseController(w).Flush()
				<-goOn
				_, _ = io.WriteString(w, "second")
			})))
		res := open(t, c, s.URL) // its header is here, so its first part was flushed
		defer func() { _ = res.Body.Close() }()
		if got := inUse.inUse.Load(); got != 1 {
			t.Errorf("%d in use while the stream runs, want 1", got)
		}
		close(goOn)
		if got := text(t, res); got != "first second" {
			t.Errorf("got %q", got)
		}
		s.Close() // returns when the handler has
		if got := inUse.inUse.Load(); got != 0 {
			t.Errorf("%d in use after the stream, want 0", got)
		}
	})
}

func TestARefusalHoldsNothingWhileItIsWritten(t *testing.T) {
	t.Parallel()
	var inUse gauge
	held := int64(-1)
	w := writerFunc(func() { held = inUse.inUse.Load() })
	h := newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(&inUse, refusing(core.ErrClosed))).Wrap(ok)
	h.ServeHTTP(w, from("192.0.2.1:1"))
	full := newPermits(t, limit.ConcurrencyConfig{Limit: 1})
	full.TryAcquire(t.Context(), 1)
	h = newMiddleware(t, flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(&inUse, full)).Wrap(ok)
	h.ServeHTTP(w, from("192.0.2.1:1"))
	if held != 0 || inUse.done.Load() != 2 {
		t.Errorf("%d held while the refusal was written, %d told; want 0 and 2", held, inUse.done.Load())
	}
}

// writerFunc is a response that tells when its header is written.
type writerFunc func()

func (f writerFunc) Header() http.Header         { return http.Header{} }
func (f writerFunc) Write(p []byte) (int, error) { return len(p), nil }
func (f writerFunc) WriteHeader(int)             { f() }

func TestTheServerStackAddsAtMostFourAllocations(t *testing.T) { //nolint:paralleltest // allocations are counted
	empty := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerSecond(1e9), Burst: 1e9})
	permits := newPermits(t, limit.ConcurrencyConfig{Limit: 100})
	policies := flowhttp.WithPolicies(permits, newBreaker(t))
	critical := flowhttp.WithImportance(func(*http.Request) limit.Importance { return limit.Critical })
	count := func(opts ...flowhttp.MiddlewareOption) float64 {
		h := newMiddleware(t, flowhttp.MiddlewareConfig{}, opts...).Wrap(empty)
		w, r := discard{http.Header{}}, from("192.0.2.1:1")
		return testing.AllocsPerRun(200, func() { h.ServeHTTP(w, r) })
	}
	bare := count()
	for name, opts := range map[string][]flowhttp.MiddlewareOption{
		"limit, concurrency and breaker": {flowhttp.WithLimit(clients), policies},
		"and failures":                   {flowhttp.WithLimit(clients), policies, serverErrors},
		"and importance":                 {flowhttp.WithLimit(clients), policies, critical},
	} {
		if got := count(opts...) - bare; got > 4 {
			t.Errorf("%s: got %v allocations more than otelhttp's, want at most 4", name, got)
		}
	}
}
