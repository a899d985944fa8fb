package http_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
)

// The policies let a billion requests a second through, and a thousand at the same time. Breakers open
// when half of the calls of ten seconds failed.
const (
	rate        = 1e9
	concurrency = 1000
	failureRate = 0.5
	window      = 10 * time.Second
	minCalls    = 10
)

var empty = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// server is what is put around the empty handler.
type server struct {
	impl string
	wrap func(testing.TB) http.Handler
}

var servers = []server{
	{"net-http", func(testing.TB) http.Handler { return empty }},
	{"otelhttp", func(testing.TB) http.Handler { return traced(side.Sampled())(empty) }},
	{"goflow-metered", func(tb testing.TB) http.Handler { return guarded(tb, side.Sampled()) }},
	{"failsafehttp", func(testing.TB) http.Handler {
		return traced(side.Sampled())(failsafehttp.NewHandler(empty,
			ratelimiter.NewBursty[*http.Response](rate, time.Second), bulkhead.New[*http.Response](concurrency), newFailsafe()))
	}},
	{"otelhttp-recording", func(testing.TB) http.Handler { return traced(side.SDK())(empty) }},
	{"goflow-recording", func(tb testing.TB) http.Handler { return guarded(tb, side.SDK()) }},
}

// traced is otelhttp as goflow sets it up.
func traced(to []telemetry.Option) func(http.Handler) http.Handler {
	return otelhttp.NewMiddleware("", append(otel(to), otelhttp.WithServerName("edge:0"))...)
}

func otel(to []telemetry.Option) []otelhttp.Option {
	tracers, meters := telemetry.Providers(to...)
	return []otelhttp.Option{otelhttp.WithTracerProvider(tracers), otelhttp.WithMeterProvider(meters)}
}

// guarded is goflow's whole stack around the handler.
func guarded(tb testing.TB, to []telemetry.Option) http.Handler {
	tb.Helper()
	clients, err := limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(rate), Burst: rate}, limit.WithTelemetry(to...))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(clients.Close)
	permits, err := limit.NewConcurrency("edge", limit.ConcurrencyConfig{Limit: concurrency}, limit.WithTelemetry(to...))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(permits.Close)
	breaker, err := resilience.NewBreaker("edge", resilience.BreakerConfig{
		FailureRate: failureRate, MinCalls: minCalls, Window: window,
	}, resilience.WithTelemetry(to...))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(breaker.Close)
	edge, err := flowhttp.NewMiddleware("edge", flowhttp.MiddlewareConfig{},
		flowhttp.WithLimit(clients), flowhttp.WithPolicies(permits, breaker), flowhttp.WithTelemetry(to...))
	if err != nil {
		tb.Fatal(err)
	}
	return edge.Wrap(empty)
}

func newFailsafe() circuitbreaker.CircuitBreaker[*http.Response] {
	return circuitbreaker.NewBuilder[*http.Response]().WithFailureRateThreshold(failureRate, minCalls, window).Build() //nolint:bodyclose // there is none: it is a type
}

func BenchmarkHTTPServer(b *testing.B) {
	for where, request := range both(inMemory, overLoopback) {
		b.Run(where, func(b *testing.B) {
			var impls []side.Impl
			for _, s := range servers {
				impls = append(impls, side.Impl{Name: s.impl, Make: func(tb testing.TB) func() bool {
					tb.Helper()
					return request(tb, s.wrap(tb))
				}})
			}
			side.Run(b, impls, true)
		})
	}
}

// both gives the two places where requests are made, in order.
func both[F any](memory, loopback F) func(yield func(string, F) bool) {
	return func(yield func(string, F) bool) {
		_ = yield("memory", memory) && yield("loopback", loopback)
	}
}

// discard is a response that no one reads.
type discard struct {
	header http.Header
	status int
}

func (w *discard) Header() http.Header         { return w.header }
func (w *discard) Write(p []byte) (int, error) { return len(p), nil }
func (w *discard) WriteHeader(status int)      { w.status = status }
func (w *discard) Flush()                      {}

// inMemory hands a request to a handler.
func inMemory(tb testing.TB, h http.Handler) func() bool {
	tb.Helper()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://edge.test/items/7", http.NoBody)
	responses := sync.Pool{New: func() any { return &discard{header: make(http.Header, 8)} }}
	return func() bool {
		w := responses.Get().(*discard)
		clear(w.header)
		w.status = http.StatusOK
		h.ServeHTTP(w, r)
		ok := w.status == http.StatusOK
		responses.Put(w)
		return ok
	}
}

// overLoopback sends a request to a server that has the handler.
func overLoopback(tb testing.TB, h http.Handler) func() bool {
	tb.Helper()
	s := httptest.NewServer(h)
	tb.Cleanup(s.Close)
	return fetching(tb, s.URL, s.Client().Transport)
}
