// Package otelin takes OpenTelemetry's providers from an fx application, where it has any, without
// linking the SDK.
package otelin

import (
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/telemetry"
)

// Providers is a parameter object. Its fields are nil in an application that provides none; then
// the global providers are used.
type Providers struct {
	fx.In

	Tracers    trace.TracerProvider          `optional:"true"`
	Meters     metric.MeterProvider          `optional:"true"`
	Loggers    log.LoggerProvider            `optional:"true"`
	Propagator propagation.TextMapPropagator `optional:"true"`
}

// Options is what engines take.
func (p Providers) Options() []telemetry.Option {
	return []telemetry.Option{
		telemetry.WithTracerProvider(p.Tracers),
		telemetry.WithMeterProvider(p.Meters),
		telemetry.WithLoggerProvider(p.Loggers),
	}
}
