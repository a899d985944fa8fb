package telemetry

import (
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Providers gives where opts send spans and metrics, the global providers when they do not say. It
// is for adapters that hand them on to another library's own instrumentation; engines use a [Scope].
func Providers(opts ...Option) (trace.TracerProvider, metric.MeterProvider) {
	o := newOptions(opts)
	return o.tracers, o.meters
}
