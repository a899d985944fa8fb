package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
)

// Event writes an event: a log record with an event name from flowconv, a line of text for people,
// and the trace of ctx. Attributes may have any cardinality. It costs 5 ns when no one listens.
// Events are for changes of state, never for single decisions.
func (s *Scope) Event(ctx context.Context, severity log.Severity, name, text string, attrs ...attribute.KeyValue) {
	contain(func() {
		if !s.logger.Enabled(ctx, log.EnabledParameters{Severity: severity, EventName: name}) {
			return
		}
		var r log.Record
		r.SetTimestamp(time.Now())
		r.SetEventName(name)
		r.SetSeverity(severity)
		r.SetBody(attribute.StringValue(text))
		r.AddAttributes(attrs...)
		s.logger.Emit(ctx, r)
	})
}
