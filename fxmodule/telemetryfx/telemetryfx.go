// Package telemetryfx gives an fx application its OpenTelemetry SDK.
//
// [Module] provides *otelsdk.SDK and the three providers and the propagator it makes, out of an
// optional otelsdk.Config and OpenTelemetry's own environment variables. Engines depend on the
// providers, so fx stops the SDK after them and what they report while stopping is still exported.
// Stopping is bounded and never fails the application's stop; errors go to slog's default logger, since
// the application's own is often made of the SDK.
//
// It sets no globals. List [SetGlobals] when libraries outside the graph use the global providers.
package telemetryfx

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// Module provides the SDK.
var Module = fx.Module("goflow.telemetry", fx.Provide(New))

// The value groups of what others add to the SDK.
const (
	spanProcessors = `group:"flow.span.processors"`
	metricReaders  = `group:"flow.metric.readers"`
	metricViews    = `group:"flow.metric.views"`
	logProcessors  = `group:"flow.log.processors"`
)

// Params is what [New] takes from the graph.
type Params struct {
	fx.In

	Lifecycle      fx.Lifecycle
	Config         otelsdk.Config           `optional:"true"`
	SpanProcessors []sdktrace.SpanProcessor `group:"flow.span.processors"`
	Readers        []sdkmetric.Reader       `group:"flow.metric.readers"`
	Views          []sdkmetric.View         `group:"flow.metric.views"`
	LogProcessors  []sdklog.Processor       `group:"flow.log.processors"`
}

// Result is what [New] gives to the graph.
type Result struct {
	fx.Out

	SDK        *otelsdk.SDK
	Tracers    trace.TracerProvider
	Meters     metric.MeterProvider
	Loggers    log.LoggerProvider
	Propagator propagation.TextMapPropagator
}

// New sets the SDK up and lets the application stop it.
func New(p Params) (Result, error) {
	var opts []otelsdk.Option
	for _, sp := range p.SpanProcessors {
		opts = append(opts, otelsdk.WithSpanProcessor(sp))
	}
	for _, r := range p.Readers {
		opts = append(opts, otelsdk.WithReader(r))
	}
	for _, lp := range p.LogProcessors {
		opts = append(opts, otelsdk.WithLogProcessor(lp))
	}
	opts = append(opts, otelsdk.WithView(p.Views...))
	sdk, err := otelsdk.Setup(context.Background(), p.Config, opts...)
	if err != nil {
		return Result{}, err
	}
	p.Lifecycle.Append(fx.StopHook(func(ctx context.Context) {
		if err := sdk.Shutdown(ctx); err != nil {
			slog.WarnContext(ctx, "telemetry was not flushed", "error", err)
		}
	}))
	return Result{
		SDK:        sdk,
		Tracers:    sdk.TracerProvider(),
		Meters:     sdk.MeterProvider(),
		Loggers:    sdk.LoggerProvider(),
		Propagator: sdk.Propagator(),
	}, nil
}

// SetGlobals makes the application's providers OpenTelemetry's global ones.
func SetGlobals() fx.Option {
	return fx.Invoke(func(sdk *otelsdk.SDK) { sdk.SetGlobal() })
}

// AsSpanProcessor adds the span processor that constructor makes to the SDK.
func AsSpanProcessor(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.As(new(sdktrace.SpanProcessor)), fx.ResultTags(spanProcessors)))
}

// AsReader adds the metric reader that constructor makes to the SDK.
func AsReader(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.As(new(sdkmetric.Reader)), fx.ResultTags(metricReaders)))
}

// AsLogProcessor adds the log processor that constructor makes to the SDK.
func AsLogProcessor(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.As(new(sdklog.Processor)), fx.ResultTags(logProcessors)))
}

// AsView adds a metric view to the SDK.
func AsView(view sdkmetric.View) fx.Option {
	return fx.Provide(fx.Annotate(func() sdkmetric.View { return view }, fx.ResultTags(metricViews)))
}
