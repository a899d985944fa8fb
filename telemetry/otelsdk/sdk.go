package otelsdk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/internal/label"
	"github.com/goflow-go/goflow/telemetry"
)

// SDK is OpenTelemetry, set up. Make one with [Setup]. It is safe for concurrent use.
type SDK struct {
	tracers    trace.TracerProvider
	meters     metric.MeterProvider
	loggers    log.LoggerProvider
	propagator propagation.TextMapPropagator
	registry   *prometheus.Registry

	parts []part // the providers that have something to flush
	stop  sync.Once
	ended chan struct{} // closed when the shutdown is over
	err   error         // of the shutdown
}

// part is what the three SDK providers have in common.
type part interface {
	ForceFlush(ctx context.Context) error
	Shutdown(ctx context.Context) error
}

// TracerProvider makes spans.
func (s *SDK) TracerProvider() trace.TracerProvider { return s.tracers }

// MeterProvider makes metrics.
func (s *SDK) MeterProvider() metric.MeterProvider { return s.meters }

// LoggerProvider takes log records and events.
func (s *SDK) LoggerProvider() log.LoggerProvider { return s.loggers }

// Propagator carries the trace and the baggage from process to process, as OTEL_PROPAGATORS says.
func (s *SDK) Propagator() propagation.TextMapPropagator { return s.propagator }

// Options makes an engine report to this SDK, by its option WithTelemetry.
func (s *SDK) Options() []telemetry.Option {
	return []telemetry.Option{
		telemetry.WithTracerProvider(s.tracers),
		telemetry.WithMeterProvider(s.meters),
		telemetry.WithLoggerProvider(s.loggers),
	}
}

// SetGlobal makes the providers and the propagator OpenTelemetry's global ones. Engines that were
// made before, and were given no providers, report to this SDK from then on. Only the first call in
// a process, of whatever SDK, reaches those.
func (s *SDK) SetGlobal() {
	otel.SetTracerProvider(s.tracers)
	otel.SetMeterProvider(s.meters)
	otel.SetLoggerProvider(s.loggers)
	otel.SetTextMapPropagator(s.propagator)
}

// Handler sends what is logged through log/slog to OpenTelemetry, with the trace of its context, as
// coming from name (an import path). It writes nothing to the console: to keep that, use it beside
// the handler the program has, with slog.NewMultiHandler.
func (s *SDK) Handler(name string) slog.Handler {
	return otelslog.NewHandler(name, otelslog.WithLoggerProvider(s.loggers))
}

// MetricsHandler serves the metrics to Prometheus. It speaks OpenMetrics to who asks for it, which
// Prometheus does; only there exemplars show. Concurrent scrapes share one collection. A metric that
// cannot be written is left out and reported to OpenTelemetry's error handler.
func (s *SDK) MetricsHandler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		CoalesceGather:    true,
		ErrorHandling:     promhttp.ContinueOnError,
		ErrorLog:          errorLog{},
	})
}

// errorLog hands promhttp's errors to OpenTelemetry's handler.
type errorLog struct{}

func (errorLog) Println(v ...any) { otel.Handle(errors.New("otelsdk: " + fmt.Sprint(v...))) }

// ForceFlush sends what is waiting to be sent. It blocks until that is done or ctx ends.
func (s *SDK) ForceFlush(ctx context.Context) error {
	return s.each(ctx, part.ForceFlush)
}

// maxShutdown bounds [SDK.Shutdown].
const maxShutdown = 5 * time.Second

// Shutdown sends what is waiting and stops. It blocks for 5 seconds at most, and for half of the time
// left to ctx at most, so that what is to stop after it has its share even if the collector is
// dead. When ctx has ended already, as the one that told the program to stop has, nothing is sent:
// give it a fresh one. Its error says what was not sent; it is for the log, not for the exit code. Further calls
// wait for the first and return its error.
func (s *SDK) Shutdown(ctx context.Context) error {
	s.stop.Do(func() {
		budget := maxShutdown
		if deadline, ok := ctx.Deadline(); ok {
			budget = min(budget, time.Until(deadline)/2)
		}
		ctx, cancel := context.WithTimeout(ctx, budget)
		defer cancel()
		s.err = s.each(ctx, part.Shutdown)
		close(s.ended)
	})
	return s.err
}

// each does the same to all parts at once, so that each has all of the time, and waits for the end
// of ctx at most, whether they honour it or not.
func (s *SDK) each(ctx context.Context, do func(part, context.Context) error) error {
	results := make(chan error, len(s.parts))
	for _, p := range s.parts {
		go label.Do(ctx, "telemetry", "otelsdk", func(ctx context.Context) { results <- do(p, ctx) })
	}
	var errs []error
	for range s.parts {
		select {
		case err := <-results:
			errs = append(errs, err)
		case <-ctx.Done():
			return errors.Join(append(errs, fmt.Errorf("otelsdk: not all was sent: %w", context.Cause(ctx)))...)
		}
	}
	return errors.Join(errs...)
}
