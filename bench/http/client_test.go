package http_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/timeout"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/telemetry"
)

// patience is how long a client waits for an answer.
const patience = 10 * time.Second

// client is what is put around a transport.
type client struct {
	impl string
	wrap func(testing.TB, http.RoundTripper) http.RoundTripper
}

var clients = []client{
	{"net-http", func(_ testing.TB, base http.RoundTripper) http.RoundTripper { return base }},
	{"otelhttp", func(_ testing.TB, base http.RoundTripper) http.RoundTripper {
		return otelhttp.NewTransport(base, otel(side.Sampled())...)
	}},
	{"goflow-metered", func(tb testing.TB, base http.RoundTripper) http.RoundTripper {
		tb.Helper()
		return newTransport(tb, base, side.Sampled())
	}},
	{"failsafehttp", func(_ testing.TB, base http.RoundTripper) http.RoundTripper {
		return failsafehttp.NewRoundTripper(otelhttp.NewTransport(base, otel(side.Sampled())...),
			timeout.New[*http.Response](patience), failsafehttp.NewRetryPolicyBuilder().Build(), newFailsafe())
	}},
	{"otelhttp-recording", func(_ testing.TB, base http.RoundTripper) http.RoundTripper {
		return otelhttp.NewTransport(base, otel(side.SDK())...)
	}},
	{"goflow-recording", func(tb testing.TB, base http.RoundTripper) http.RoundTripper {
		tb.Helper()
		return newTransport(tb, base, side.SDK())
	}},
}

// newTransport is goflow's usual stack around a transport.
func newTransport(tb testing.TB, base http.RoundTripper, to []telemetry.Option) http.RoundTripper {
	tb.Helper()
	stack, err := resilience.NewStandard("upstream", resilience.StandardConfig{
		Timeout: patience,
		Breaker: resilience.BreakerConfig{FailureRate: failureRate, MinCalls: minCalls, Window: window},
	}, resilience.WithTelemetry(to...))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(stack.Close)
	t, err := flowhttp.NewTransport("upstream", flowhttp.TransportConfig{},
		flowhttp.WithBase(base), flowhttp.WithPolicies(stack), flowhttp.WithTelemetry(to...))
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func BenchmarkHTTPClient(b *testing.B) {
	for where, base := range both(answering, serving) {
		b.Run(where, func(b *testing.B) {
			var impls []side.Impl
			for _, c := range clients {
				impls = append(impls, side.Impl{Name: c.impl, Make: func(tb testing.TB) func() bool {
					tb.Helper()
					url, transport := base(tb)
					return fetching(tb, url, c.wrap(tb, transport))
				}})
			}
			side.Run(b, impls, true)
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering is a transport that answers by itself.
func answering(testing.TB) (url string, base http.RoundTripper) {
	header := http.Header{}
	return "http://upstream.test/items/7", roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: header, Body: http.NoBody, Request: r,
		}, nil
	})
}

// serving is a transport with a server.
func serving(tb testing.TB) (url string, base http.RoundTripper) {
	tb.Helper()
	s := httptest.NewServer(empty)
	tb.Cleanup(s.Close)
	return s.URL + "/items/7", s.Client().Transport
}

// fetching sends a request of its own each time, as clients do, and closes the answer.
func fetching(tb testing.TB, url string, t http.RoundTripper) func() bool {
	tb.Helper()
	ctx := tb.Context()
	return func() bool {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return false
		}
		res, err := t.RoundTrip(r)
		if err != nil {
			return false
		}
		return res.Body.Close() == nil && res.StatusCode == http.StatusOK
	}
}
