package console_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "0123456789abcdef"

// sdk is an OpenTelemetry SDK that tells a recorder everything.
type sdk struct {
	recorder *console.Recorder
	tracers  *sdktrace.TracerProvider
	meters   *sdkmetric.MeterProvider
	loggers  *sdklog.LoggerProvider
	tracer   trace.Tracer
}

func newSDK(t testing.TB, cfg console.RecorderConfig, views ...sdkmetric.View) *sdk {
	t.Helper()
	r, err := console.NewRecorder(cfg)
	if err != nil {
		t.Fatal(err)
	}
	res := resource.NewSchemaless(attribute.String("service.name", "shop"), attribute.String("service.version", "v1.2.3"), attribute.String("service.instance.id", "one"))
	s := &sdk{
		recorder: r,
		tracers:  sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r.SpanProcessor()), sdktrace.WithSampler(sdktrace.AlwaysSample()), sdktrace.WithResource(res)),
		meters:   sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.Reader()), sdkmetric.WithView(views...), sdkmetric.WithResource(res)),
		loggers:  sdklog.NewLoggerProvider(sdklog.WithProcessor(r.LogProcessor()), sdklog.WithResource(res)),
	}
	s.tracer = s.tracers.Tracer("test")
	t.Cleanup(s.shutdown)
	return s
}

func (s *sdk) shutdown() {
	ctx := context.Background()
	_, _, _ = s.tracers.Shutdown(ctx), s.meters.Shutdown(ctx), s.loggers.Shutdown(ctx)
}

// span makes a span that has ended.
func (s *sdk) span(ctx context.Context, name string, opts ...trace.SpanStartOption) context.Context {
	ctx, span := s.tracer.Start(ctx, name, opts...)
	span.End()
	return ctx
}

func newConsole(t testing.TB, cfg console.Config, r *console.Recorder, opts ...console.Option) *console.Console {
	t.Helper()
	c, err := console.New("console", cfg, r, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// client asks a console behind an admin handler.
type client struct {
	t   testing.TB
	url string
	srv *httptest.Server
}

// serve serves c as programs do.
func serve(t testing.TB, c *console.Console) client {
	t.Helper()
	admin, err := flowadmin.New("app", flowadmin.Config{}, flowadmin.WithConsole(c))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(admin)
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections)
	return client{t, srv.URL + "/debug/flow/", srv}
}

// reply is the head of an answer.
type reply struct {
	StatusCode int
	Header     http.Header
}

// do asks, and gives the answer with what it says.
func (c client) do(method, path, body string, change ...func(*http.Request)) (reply, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range change {
		f(r)
	}
	hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := hc.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header}, string(text)
}

// get asks for something there must be, and reads it into v.
func (c client) get(path string, v any) {
	c.t.Helper()
	res, text := c.do(http.MethodGet, path, "")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/json" {
		c.t.Fatalf("%s: got %d, %s: %s", path, res.StatusCode, res.Header.Get("Content-Type"), text)
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		c.t.Fatalf("%s: %v: %s", path, err, text)
	}
}

func withToken(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }

func asJSON(r *http.Request) { r.Header.Set("Content-Type", "application/json") }
