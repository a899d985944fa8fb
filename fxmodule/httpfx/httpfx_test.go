package httpfx_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

var free = httpfx.Config{Server: flowhttp.ServerConfig{Addr: "127.0.0.1:0"}}

// says makes an application's handler that answers with text.
func says(text string) func() http.HandlerFunc {
	return func() http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
}

// populate sets s to the server of the name.
func populate(name string, s **flowhttp.Server) fx.Option {
	return fx.Populate(fx.Annotate(s, fx.ParamTags(`name:"`+name+`"`)))
}

func start(t *testing.T, opts ...fx.Option) *fx.App {
	t.Helper()
	a := fx.New(fx.NopLogger, fx.Options(opts...))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) })
	return a
}

func stop(t *testing.T, a *fx.App) {
	t.Helper()
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, s *flowhttp.Server, transport http.RoundTripper) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr().String()+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if transport == nil {
		transport = &http.Transport{DisableKeepAlives: true}
	}
	res, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func refuses(t *testing.T, addr string) bool {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", addr)
	if err == nil {
		_ = c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

func TestOptionsFromTheGraphReachTheirServerOnly(t *testing.T) {
	t.Parallel()
	var api, web *flowhttp.Server
	a := start(t,
		fx.Supply("from the graph"),
		httpfx.AsOption("api", func(text string) flowhttp.MiddlewareOption {
			return flowhttp.WithOuter(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Outer", text)
					next.ServeHTTP(w, r)
				})
			})
		}),
		httpfx.AsHandler("api", says("api")), httpfx.Serve("api", free), populate("api", &api),
		httpfx.AsHandler("web", says("web")), httpfx.Serve("web", free), populate("web", &web),
	)
	for want, s := range map[string]*flowhttp.Server{"from the graph": api, "": web} {
		res, _ := get(t, s, nil) //nolint:bodyclose // get closes it
		if got := res.Header.Get("X-Outer"); got != want {
			t.Errorf("the outer handler said %q, want %q", got, want)
		}
	}
	stop(t, a)
}

func TestServersServeTheirHandlersFromStartToStop(t *testing.T) {
	t.Parallel()
	var api, web *flowhttp.Server
	a := start(t,
		httpfx.AsHandler("api", says("api")), httpfx.Serve("api", free), populate("api", &api),
		httpfx.AsHandler("web", says("web")), httpfx.Serve("web", free), populate("web", &web),
	)
	for want, s := range map[string]*flowhttp.Server{"api": api, "web": web} {
		res, body := get(t, s, nil) //nolint:bodyclose // get closes it
		if res.StatusCode != http.StatusOK || body != want {
			t.Errorf("%s answered %d %q", want, res.StatusCode, body)
		}
	}
	stop(t, a)
	for _, s := range []*flowhttp.Server{api, web} {
		if !refuses(t, s.Addr().String()) {
			t.Error("a server still listens after the stop")
		}
	}
}

func TestAnAddressInUseFailsTheStartAndLeavesNothingListening(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	var first *flowhttp.Server
	a := fx.New(fx.NopLogger,
		httpfx.AsHandler("first", says("")), httpfx.Serve("first", free), populate("first", &first),
		httpfx.AsHandler("api", says("")), httpfx.Serve("api", httpfx.Config{Server: flowhttp.ServerConfig{Addr: taken.Addr().String()}}),
	)
	err = a.Start(t.Context())
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("Start = %v, want address in use", err)
	}
	for _, part := range []string{`service "api": start: `, taken.Addr().String()} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not contain %q", err, part)
		}
	}
	if !refuses(t, first.Addr().String()) {
		t.Error("the first server still listens")
	}
}

func TestTheNamedLimitIsKeptForEachClient(t *testing.T) {
	t.Parallel()
	cfg := free
	cfg.Limit = "clients"
	var s *flowhttp.Server
	a := start(t,
		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 1}),
		httpfx.AsHandler("api", says("ok")), httpfx.Serve("api", cfg), populate("api", &s),
	)
	for _, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
		res, _ := get(t, s, nil) //nolint:bodyclose // get closes it
		if res.StatusCode != want || !strings.Contains(res.Header.Get("RateLimit-Policy"), `"clients"`) {
			t.Errorf("answer %d with %v, want %d and the policy", res.StatusCode, res.Header, want)
		}
		if refused := want == http.StatusTooManyRequests; refused != (res.Header.Get("Retry-After") != "") {
			t.Errorf("Retry-After of a %d is %q", want, res.Header.Get("Retry-After"))
		}
	}
	stop(t, a)
}

func TestARequestInFlightFinishesWhileNewConnectionsAreRefused(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	var s *flowhttp.Server
	a := start(t, httpfx.AsHandler("api", func() http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			close(entered)
			<-release
			_, _ = io.WriteString(w, "whole")
		}
	}), httpfx.Serve("api", free), populate("api", &s))

	answer := make(chan string, 1)
	go func() {
		_, body := get(t, s, nil) //nolint:bodyclose // get closes it
		answer <- body
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- a.Stop(t.Context()) }()
	for !refuses(t, s.Addr().String()) {
	}
	close(release)
	if body := <-answer; body != "whole" {
		t.Errorf("body = %q", body)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestWhatIsWrongIsAnErrorOfTheApplication(t *testing.T) {
	t.Parallel()
	limited := free
	limited.Limit = "clients"
	bound := free
	bound.Concurrency = "requests"
	bad := httpfx.Config{
		Server:     flowhttp.ServerConfig{Farewell: -1},
		Middleware: flowhttp.MiddlewareConfig{Headers: 9},
	}
	for name, c := range map[string]struct {
		opts []fx.Option
		want []string
	}{
		"a bad config, all of it": {
			[]fx.Option{httpfx.AsHandler("api", says("")), httpfx.Serve("api", bad)},
			[]string{`httpfx: "api": `, "Addr must", "Farewell must", "Headers must"},
		},
		"no handler of the name":  {[]fx.Option{httpfx.Serve("api", free)}, []string{`http.Handler[name="api"]`}},
		"no limit of the name":    {[]fx.Option{httpfx.AsHandler("api", says("")), httpfx.Serve("api", limited)}, []string{`limit.KeyedLimiter[name="clients"]`}},
		"a handler that is none":  {[]fx.Option{httpfx.AsHandler("api", func() string { return "" })}, []string{"string does not implement http.Handler"}},
		"two servers of one name": {[]fx.Option{httpfx.Serve("api", free), httpfx.Serve("api", free)}, []string{"already provided"}},
		"no bound of the name": {
			[]fx.Option{httpfx.AsHandler("api", says("")), httpfx.Serve("api", bound)}, []string{`*limit.Concurrency[name="requests"]`},
		},
		"a bad config of a client": {
			[]fx.Option{
				httpfx.Client("out", flowhttp.ClientConfig{Concurrency: -1}),
				fx.Invoke(fx.Annotate(func(*http.Client) {}, fx.ParamTags(`name:"out"`))),
			},
			[]string{`flowhttp: "out": Concurrency must`},
		},
		"a bad config of a transport": {
			[]fx.Option{
				httpfx.Transport("out", flowhttp.TransportConfig{MaxDrain: -1}),
				fx.Invoke(fx.Annotate(func(*flowhttp.Transport) {}, fx.ParamTags(`name:"out"`))),
			},
			[]string{`flowhttp: "out": MaxDrain must`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.New(fx.NopLogger, fx.Options(c.opts...)).Err()
			for _, part := range c.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("Err = %v, want %q in it", err, part)
				}
			}
		})
	}
	if err := bad.Validate(); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("Validate = %v", err)
	}
}

// base is a base transport that tells when it is closed.
type base struct {
	*http.Transport
	closed int
}

func (b *base) CloseIdleConnections() { b.closed++; b.Transport.CloseIdleConnections() }

func TestAClientIsProvidedUnderBothTypesAndClosed(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	b := &base{Transport: &http.Transport{}}
	var s *flowhttp.Server
	var guarded *flowhttp.Client
	var plain *http.Client
	a := start(t,
		fx.Provide(func() metric.MeterProvider { return rec.MeterProvider() }),
		httpfx.AsHandler("api", says("ok")), httpfx.Serve("api", free), populate("api", &s),
		httpfx.Client("out", flowhttp.ClientConfig{Concurrency: 2}, flowhttp.WithBase(b)),
		fx.Populate(fx.Annotate(&guarded, fx.ParamTags(`name:"out"`)), fx.Annotate(&plain, fx.ParamTags(`name:"out"`))),
	)
	if guarded.Client != plain || guarded.Name() != "out" {
		t.Errorf("the clients differ: %v, %v", guarded.Client, plain)
	}
	if _, body := get(t, s, plain.Transport); body != "ok" { //nolint:bodyclose // get closes it
		t.Errorf("got %q", body)
	}
	rec.RequireCount("http.client.request.duration", 1)
	stop(t, a)
	if b.closed != 1 {
		t.Errorf("the client was closed %d times", b.closed)
	}
}

func TestAServerIsBoundByTheConcurrencyOfTheName(t *testing.T) {
	t.Parallel()
	cfg := free
	cfg.Concurrency = "requests"
	var s *flowhttp.Server
	var permits *limit.Concurrency
	a := start(t,
		limitfx.Concurrency("requests", limit.ConcurrencyConfig{Limit: 1}),
		httpfx.AsHandler("api", says("ok")), httpfx.Serve("api", cfg), populate("api", &s),
		fx.Populate(fx.Annotate(&permits, fx.ParamTags(`name:"requests"`))),
	)
	permits.TryAcquire(t.Context(), 1)
	if res, _ := get(t, s, nil); res.StatusCode != http.StatusServiceUnavailable { //nolint:bodyclose // get closes it
		t.Errorf("got %d while the only permit is held, want 503", res.StatusCode)
	}
	permits.Release(1)
	if res, _ := get(t, s, nil); res.StatusCode != http.StatusOK { //nolint:bodyclose // get closes it
		t.Errorf("got %d, want 200", res.StatusCode)
	}
	stop(t, a)
}

func TestATransportCarriesTheTraceToAServerAndIsClosed(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	b := &base{Transport: &http.Transport{}}
	var s *flowhttp.Server
	var out *flowhttp.Transport
	a := start(t,
		fx.Provide(
			func() trace.TracerProvider { return rec.TracerProvider() },
			func() metric.MeterProvider { return rec.MeterProvider() },
			func() propagation.TextMapPropagator { return propagation.TraceContext{} },
		),
		httpfx.AsHandler("api", says("ok")), httpfx.Serve("api", free), populate("api", &s),
		httpfx.Transport("out", flowhttp.TransportConfig{}, flowhttp.WithBase(b)),
		fx.Populate(fx.Annotate(&out, fx.ParamTags(`name:"out"`))),
	)
	get(t, s, out) //nolint:bodyclose // get closes it
	stop(t, a)
	spans := rec.Spans()
	if len(spans) != 2 || spans[0].SpanContext().TraceID() != spans[1].SpanContext().TraceID() {
		t.Errorf("spans = %v, want the client's and the server's in one trace", spans)
	}
	rec.RequireCount("http.server.request.duration", 1)
	rec.RequireCount("http.client.request.duration", 1)
	if b.closed != 1 {
		t.Errorf("the transport was closed %d times", b.closed)
	}
}
