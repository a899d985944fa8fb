package otelsdk

import (
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Option adds to the SDK what only code can say. With OTEL_SDK_DISABLED=true options do nothing.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	traces  []sdktrace.TracerProviderOption
	metrics []sdkmetric.Option
	logs    []sdklog.LoggerProviderOption
}

// WithSpanProcessor adds a processor of spans. The SDK shuts it down.
func WithSpanProcessor(p sdktrace.SpanProcessor) Option {
	return optionFunc(func(o *options) { o.traces = append(o.traces, sdktrace.WithSpanProcessor(p)) })
}

// WithSampler decides which traces are recorded. Defaults to what OTEL_TRACES_SAMPLER says, and wins
// over it.
func WithSampler(s sdktrace.Sampler) Option {
	return optionFunc(func(o *options) { o.traces = append(o.traces, sdktrace.WithSampler(s)) })
}

// WithReader adds a reader of metrics. The SDK shuts it down.
func WithReader(r sdkmetric.Reader) Option {
	return optionFunc(func(o *options) { o.metrics = append(o.metrics, sdkmetric.WithReader(r)) })
}

// WithView changes how metrics are aggregated, for all readers.
func WithView(views ...sdkmetric.View) Option {
	return optionFunc(func(o *options) { o.metrics = append(o.metrics, sdkmetric.WithView(views...)) })
}

// WithLogProcessor adds a processor of log records, events among them. The SDK shuts it down.
func WithLogProcessor(p sdklog.Processor) Option {
	return optionFunc(func(o *options) { o.logs = append(o.logs, sdklog.WithProcessor(p)) })
}
