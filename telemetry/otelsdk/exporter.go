package otelsdk

import (
	"context"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// endingExporter gives up when the SDK's shutdown is over. Without it the SDK's batch processor goes
// on trying in the background, because it exports under a context of its own: a dead collector
// would keep goroutines and a connection for up to half a minute.
type endingExporter struct {
	sdktrace.SpanExporter
	ended <-chan struct{} // closed by the SDK
}

// ExportSpans sends until it is done, ctx ends, or the SDK has ended.
func (e endingExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the goroutine too
	go func() {
		select {
		case <-e.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	return e.SpanExporter.ExportSpans(ctx, spans)
}
