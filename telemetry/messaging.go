package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// StartProducer is [Scope.Start] for handing messages to a broker: a span of kind PRODUCER.
func (s *Scope) StartProducer(ctx context.Context, name string, attrs ...attribute.KeyValue) (context.Context, Span) {
	if !s.Traced(ctx) {
		return ctx, Span{}
	}
	return s.start(ctx, name, trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(attrs...))
}
