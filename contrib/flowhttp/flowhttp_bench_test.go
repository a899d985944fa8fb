package flowhttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
)

// BenchmarkMiddleware shows what each part adds to otelhttp around an empty handler.
func BenchmarkMiddleware(b *testing.B) {
	empty := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	tracers, meters := tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider()
	to := flowhttp.WithTelemetry(telemetry.WithTracerProvider(tracers), telemetry.WithMeterProvider(meters))
	all := limit.KeyedConfig{Rate: limit.PerSecond(1e9), Burst: 1e9}
	none := limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 1}
	bucket, err := limit.NewTokenBucket("global", limit.TokenBucketConfig{Rate: all.Rate, Burst: all.Burst})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(bucket.Close)
	limited := flowhttp.WithLimit(newKeyed(b, "clients", all))
	denied := flowhttp.WithLimit(newKeyed(b, "clients", none))
	policy := flowhttp.WithPolicies(limit.Reject(bucket))
	permits, full, breaker := newPermits(b, limit.ConcurrencyConfig{Limit: 100}), newPermits(b, limit.ConcurrencyConfig{Limit: 1}), newBreaker(b)
	full.TryAcquire(b.Context(), 1)
	stack := flowhttp.WithPolicies(permits, breaker)
	failures := flowhttp.WithFailures(func(status int) bool { return status >= 500 })
	critical := flowhttp.WithImportance(func(*http.Request) limit.Importance { return limit.Critical })
	for _, c := range []struct {
		name string
		h    http.Handler
	}{
		{"otelhttp", otelhttp.NewHandler(empty, "", otelhttp.WithTracerProvider(tracers), otelhttp.WithMeterProvider(meters))},
		{"bare", newMiddleware(b, flowhttp.MiddlewareConfig{}, to).Wrap(empty)},
		{"limit", newMiddleware(b, flowhttp.MiddlewareConfig{}, to, limited).Wrap(empty)},
		{"policy", newMiddleware(b, flowhttp.MiddlewareConfig{}, to, policy).Wrap(empty)},
		{"limit+policy", newMiddleware(b, flowhttp.MiddlewareConfig{}, to, limited, policy).Wrap(empty)},
		{"limit+concurrency+breaker", newMiddleware(b, flowhttp.MiddlewareConfig{}, to, limited, stack).Wrap(empty)},
		{"limit+concurrency+breaker, failures told", newMiddleware(b, flowhttp.MiddlewareConfig{}, to, limited, stack, failures).Wrap(empty)},
		{"limit+concurrency+breaker, importance", newMiddleware(b, flowhttp.MiddlewareConfig{}, to, limited, stack, critical).Wrap(empty)},
		{"full", newMiddleware(b, flowhttp.MiddlewareConfig{}, to, flowhttp.WithPolicies(full)).Wrap(empty)},
		{"denied", newMiddleware(b, flowhttp.MiddlewareConfig{}, to, denied).Wrap(empty)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			r := from("192.0.2.1:1")
			w := discard{http.Header{}}
			for b.Loop() {
				c.h.ServeHTTP(w, r)
			}
		})
	}
}

// discard is a response no one reads.
type discard struct{ header http.Header }

func (w discard) Header() http.Header         { return w.header }
func (w discard) Write(p []byte) (int, error) { return len(p), nil }
func (w discard) WriteHeader(int)             {}

func BenchmarkClientKey(b *testing.B) {
	key := flowhttp.ClientKey(trusted...)
	for name, r := range map[string]*http.Request{
		"IPv4":      from("192.0.2.1:1"),
		"IPv6":      from("[2001:db8::1]:1"),
		"forwarded": from("10.0.0.1:1", "192.0.2.1, 10.0.0.2"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = key(r)
			}
		})
	}
}

// BenchmarkTransport shows what policies add to an attempt.
func BenchmarkTransport(b *testing.B) {
	base := roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	})
	to := flowhttp.WithTelemetry(
		telemetry.WithTracerProvider(tracenoop.NewTracerProvider()), telemetry.WithMeterProvider(metricnoop.NewMeterProvider()))
	for name, tr := range map[string]http.RoundTripper{
		"bare":   newTransport(b, to, flowhttp.WithBase(base)),
		"policy": newTransport(b, to, flowhttp.WithBase(base), flowhttp.WithPolicies(&gauge{})),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "http://upstream.test/", http.NoBody)
			for b.Loop() {
				res, err := tr.RoundTrip(r)
				if err != nil {
					b.Fatal(err)
				}
				_ = res.Body.Close()
			}
		})
	}
}
