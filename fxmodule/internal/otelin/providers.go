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

// In is a parameter object. Its fields are nil in an application that provides none; then the
// global providers are used.
type In struct {
	fx.In

	Tracers    trace.TracerProvider          `optional:"true"`
	Meters     metric.MeterProvider          `optional:"true"`
	Loggers    log.LoggerProvider            `optional:"true"`
	Propagator propagation.TextMapPropagator `optional:"true"`
}

// Options is what engines take.
func (in In) Options() []telemetry.Option {
	return []telemetry.Option{
		telemetry.WithTracerProvider(in.Tracers),
		telemetry.WithMeterProvider(in.Meters),
		telemetry.WithLoggerProvider(in.Loggers),
	}
}

// Providers is In as a value, for functions whose parameters have tags, which may not be parameter
// objects. A module provides it to itself, with fx.Private and [New].
type Providers struct {
	Options    []telemetry.Option
	Propagator propagation.TextMapPropagator
}

// New makes the value.
func New(in In) Providers { return Providers{in.Options(), in.Propagator} }
