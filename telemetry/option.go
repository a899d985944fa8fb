package telemetry

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Option says where an instance's telemetry goes. Engines take them through their own option
// WithTelemetry.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
	loggers log.LoggerProvider
	spans   SpanPolicy
}

// WithTracerProvider sets where spans go. Defaults to the global provider; nil leaves the default.
func WithTracerProvider(p trace.TracerProvider) Option {
	return optionFunc(func(o *options) {
		if p != nil {
			o.tracers = p
		}
	})
}

// WithMeterProvider sets where metrics go. Defaults to the global provider; nil leaves the default.
func WithMeterProvider(p metric.MeterProvider) Option {
	return optionFunc(func(o *options) {
		if p != nil {
			o.meters = p
		}
	})
}

// WithLoggerProvider sets where events go. Defaults to the global provider; nil leaves the default.
func WithLoggerProvider(p log.LoggerProvider) Option {
	return optionFunc(func(o *options) {
		if p != nil {
			o.loggers = p
		}
	})
}

// WithSpans sets when an operation gets a span. Defaults to [OnRecordingParent].
func WithSpans(policy SpanPolicy) Option {
	return optionFunc(func(o *options) { o.spans = policy })
}

func newOptions(opts []Option) options {
	o := options{
		tracers: otel.GetTracerProvider(),
		meters:  otel.GetMeterProvider(),
		loggers: otel.GetLoggerProvider(),
	}
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	return o
}
