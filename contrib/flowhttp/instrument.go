package flowhttp

import (
	"net"
	"net/http"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clientaddr"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// serverInstrument is otelhttp's instrumentation and what it leaves out: the route on the span, why
// a request was refused, panics, and a client address that clients cannot choose.
type serverInstrument struct {
	outermost func(http.Handler) http.Handler
	proxies   clientaddr.Proxies
}

func newServerInstrument(cfg MiddlewareConfig, o *options) serverInstrument {
	server := cfg.ServerName
	if _, _, err := net.SplitHostPort(server); err != nil {
		// Without a port otelhttp takes the one of the Host header; 0 stands for none.
		server = net.JoinHostPort(server, "0")
	}
	return serverInstrument{
		outermost: otelhttp.NewMiddleware("", append(o.otelhttp(), otelhttp.WithServerName(server))...),
		proxies:   cfg.TrustedProxies,
	}
}

func (i serverInstrument) wrap(served http.Handler) http.Handler {
	return i.outermost(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		span := trace.SpanFromContext(r.Context())
		if !span.IsRecording() {
			served.ServeHTTP(w, r)
			return
		}
		returned := false
		defer func() { i.describe(span, r, returned) }()
		served.ServeHTTP(w, r)
		returned = true
	}))
}

// describe completes the server span.
func (i serverInstrument) describe(span trace.Span, r *http.Request, returned bool) {
	if _, path, ok := strings.Cut(r.Pattern, "/"); ok {
		span.SetAttributes(semconv.HTTPRoute("/" + path))
	}
	if r.Header["X-Forwarded-For"] != nil {
		if addr, ok := client(r, i.proxies); ok {
			span.SetAttributes(semconv.ClientAddress(addr.String()))
		}
	}
	if !returned {
		span.SetStatus(codes.Error, core.ErrAborted.Error())
		span.SetAttributes(flowconv.ErrorTypeKey.String(core.TypePanic))
	}
}

// failed notes on the server span and metric why a request was refused, or passed without a limit.
func (serverInstrument) failed(r *http.Request, class string) {
	attr := flowconv.ErrorTypeKey.String(class)
	trace.SpanFromContext(r.Context()).SetAttributes(attr)
	if labeler, ok := otelhttp.LabelerFromContext(r.Context()); ok {
		labeler.Add(attr)
	}
}
