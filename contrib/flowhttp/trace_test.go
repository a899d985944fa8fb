package flowhttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// recording makes a middleware or a transport report to rec, and speak traceparent.
func recording(rec *telemetrytest.Recorder) []flowhttp.Option {
	return []flowhttp.Option{flowhttp.WithTelemetry(rec.Options()...), flowhttp.WithPropagators(propagation.TraceContext{})}
}

func recordedMiddleware(t *testing.T, rec *telemetrytest.Recorder, cfg flowhttp.MiddlewareConfig, opts ...flowhttp.MiddlewareOption) *flowhttp.Middleware {
	t.Helper()
	for _, opt := range recording(rec) {
		opts = append(opts, opt)
	}
	return newMiddleware(t, cfg, opts...)
}

func recordedTransport(t *testing.T, rec *telemetrytest.Recorder, opts ...flowhttp.TransportOption) *flowhttp.Transport {
	t.Helper()
	for _, opt := range recording(rec) {
		opts = append(opts, opt)
	}
	return newTransport(t, opts...)
}

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestOneRequestIsOneTrace(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	var arrived string
	upstream, base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived = r.Header.Get("Traceparent")
		ok(w, r)
	}))
	client := &http.Client{Transport: recordedTransport(t, rec, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(&gauge{}))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		up, err := http.NewRequestWithContext(r.Context(), http.MethodGet, upstream.URL, http.NoBody)
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := send(t, client.Do, up); err != nil {
			t.Error(err)
		}
		ok(w, r)
	})
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerSecond(1)}, limit.WithTelemetry(rec.Options()...))
	m := recordedMiddleware(t, rec, flowhttp.MiddlewareConfig{}, flowhttp.WithLimit(clients), flowhttp.WithPolicies(withValue))
	s, c := serve(t, m.Wrap(mux))
	get(t, c, s.URL+"/items/7", "Traceparent", traceparent)
	s.Close()

	server := rec.RequireSpan("GET /items/{id}", attribute.String("http.route", "/items/{id}"), attribute.String("server.address", "edge"))
	decision := rec.RequireSpan("take clients")
	sent := rec.RequireSpan("HTTP GET")
	for _, step := range []struct {
		name   string
		span   sdktrace.ReadOnlySpan
		kind   trace.SpanKind
		parent string
	}{
		{"server", server, trace.SpanKindServer, "b7ad6b7169203331"},
		{"limiter", decision, trace.SpanKindInternal, server.SpanContext().SpanID().String()},
		{"client", sent, trace.SpanKindClient, server.SpanContext().SpanID().String()},
	} {
		if got := step.span.SpanContext().TraceID().String(); got != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%s span is in trace %s", step.name, got)
		}
		if got := step.span.Parent().SpanID().String(); got != step.parent || step.span.SpanKind() != step.kind {
			t.Errorf("%s span is a %v under %s, want a %v under %s", step.name, step.span.SpanKind(), got, step.kind, step.parent)
		}
	}
	if !strings.Contains(arrived, sent.SpanContext().SpanID().String()) {
		t.Errorf("the upstream got traceparent %q, want the client span's", arrived)
	}
	rec.RequireCount("http.server.request.duration", 1, attribute.String("http.route", "/items/{id}"), attribute.Int("http.response.status_code", 200))
	rec.RequireCount("http.client.request.duration", 1)
	if got := len(rec.Spans()); got != 3 {
		t.Errorf("%d spans, want 3", got)
	}
}

func TestHostHeaderMakesNoSeries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ server, address, port string }{
		{"", "edge", ""},
		{"api.example", "api.example", ""},
		{"api.example:8443", "api.example", "8443"},
		{"2001:db8::1", "2001:db8::1", ""},
	} {
		rec := telemetrytest.New(t)
		h := recordedMiddleware(t, rec, flowhttp.MiddlewareConfig{ServerName: c.server}).Wrap(ok)
		for _, host := range []string{"a.test", "b.test:4711", "c.test:4712", "[::1]:99"} {
			r := from("192.0.2.1:1")
			r.Host = host
			answer(h, r)
		}
		points := rec.Points("http.server.request.duration", attribute.String("server.address", c.address))
		if len(points) != 1 || points[0].Count != 4 {
			t.Fatalf("%q: got %d series of server.address %s, want 1 with 4 requests", c.server, len(points), c.address)
		}
		port := ""
		for _, kv := range points[0].Attributes.ToSlice() {
			if kv.Key == "server.port" {
				port = kv.Value.String()
			}
		}
		if port != c.port {
			t.Errorf("%q: server.port is %q, want %q", c.server, port, c.port)
		}
	}
}

func TestClientAddressOfSpansIsNotTheClientsWord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ peer, want string }{
		{"192.0.2.1:1", "192.0.2.1"},
		{"10.0.0.1:1", "192.0.2.7"},
	} {
		rec := telemetrytest.New(t)
		m := recordedMiddleware(t, rec, flowhttp.MiddlewareConfig{TrustedProxies: trusted})
		answer(m.Wrap(ok), from(c.peer, "6.6.6.6, 192.0.2.7"))
		rec.RequireSpan("GET", attribute.String("client.address", c.want))
	}
}

func TestRefusalsSayWhyInTelemetry(t *testing.T) {
	t.Parallel()
	denied := flowhttp.WithLimit(fakeLimiter{})
	broken := flowhttp.WithLimit(fakeLimiter{err: core.ErrClosed})
	open := flowhttp.MiddlewareConfig{OnLimiterError: flowhttp.FailOpen}
	for _, c := range []struct {
		name   string
		cfg    flowhttp.MiddlewareConfig
		opt    flowhttp.MiddlewareOption
		class  string
		status int
	}{
		{"over the limit", flowhttp.MiddlewareConfig{}, denied, core.TypeRateLimited, 429},
		{"limiter failed", flowhttp.MiddlewareConfig{}, broken, core.TypeClosed, 503},
		{"limiter failed, passed all the same", open, broken, core.TypeClosed, 200},
		{"breaker open", flowhttp.MiddlewareConfig{}, flowhttp.WithPolicies(refusing(classError{core.TypeBreakerOpen})), core.TypeBreakerOpen, 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rec := telemetrytest.New(t)
			answer(recordedMiddleware(t, rec, c.cfg, c.opt).Wrap(ok), from("192.0.2.1:1"))
			attrs := []attribute.KeyValue{attribute.String("error.type", c.class), attribute.Int("http.response.status_code", c.status)}
			rec.RequireSpan("GET", attrs...)
			rec.RequireCount("http.server.request.duration", 1, attrs...)
		})
	}
}

func TestPanicMarksTheServerSpan(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	h := recordedMiddleware(t, rec, flowhttp.MiddlewareConfig{}).Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
	func() {
		defer func() { _ = recover() }()
		h.ServeHTTP(httptest.NewRecorder(), from("192.0.2.1:1"))
	}()
	span := rec.RequireSpan("GET", attribute.String("error.type", core.TypePanic))
	if span.Status().Code != codes.Error {
		t.Errorf("status is %v", span.Status())
	}
}

func TestEveryAttemptIsAClientSpan(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s, base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	c := &http.Client{Transport: recordedTransport(t, rec, flowhttp.WithBase(base.Transport), flowhttp.WithPolicies(retry(3)))}
	ctx, root := rec.StartSpan(context.Background(), "root")
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := send(t, c.Do, r); err != nil {
		t.Fatal(err)
	}
	root.End()
	for _, n := range []int{1, 2} {
		span := rec.RequireSpan("HTTP GET", attribute.Int("http.request.resend_count", n))
		if span.Parent().SpanID() != root.SpanContext().SpanID() {
			t.Errorf("attempt %d is not the caller's child", n)
		}
	}
	if got := len(rec.Spans()); got != 4 {
		t.Errorf("%d spans, want a root and 3 attempts", got)
	}
}
