package otelsdk

import (
	"context"
	"fmt"
	"os"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/label"
)

// exporters are what the environment asks for, nil where it asks for nothing.
type exporters struct {
	spans   sdktrace.SpanExporter
	logs    sdklog.Exporter
	metrics sdkmetric.Reader
}

// newExporters makes them before any provider, so that when one cannot be made the others end
// without having anything to send.
func newExporters(ctx context.Context) (e exporters, err error) {
	defer func() {
		if err != nil {
			e.shutdown(ctx)
		}
	}()
	if err = set(&e.spans, "TRACES", func() (sdktrace.SpanExporter, error) { return autoexport.NewSpanExporter(ctx) }); err != nil {
		return e, err
	}
	if err = set(&e.logs, "LOGS", func() (sdklog.Exporter, error) { return autoexport.NewLogExporter(ctx) }); err != nil {
		return e, err
	}
	if err = set(&e.metrics, "METRICS", func() (sdkmetric.Reader, error) { return autoexport.NewMetricReader(ctx) }); err != nil {
		return e, err
	}
	return e.withoutNone(), nil
}

// set makes what exports a signal, if it is to be exported. The error names the variable that chose
// it: exporters may be registered with autoexport by others, so that only making one tells.
func set[T any](exporter *T, signal string, create func() (T, error)) error {
	if !exports(signal) {
		return nil
	}
	created, err := create()
	if err != nil {
		variable := "OTEL_" + signal + "_EXPORTER"
		fault := &core.Fault{Field: variable, Value: os.Getenv(variable), Want: fmt.Sprintf("must be an exporter that works (%v)", err)}
		return core.Configure("otelsdk", "Setup", fault)
	}
	*exporter = created
	return nil
}

// withoutNone leaves out those that were asked for by the name none.
func (e exporters) withoutNone() exporters {
	if autoexport.IsNoneSpanExporter(e.spans) {
		e.spans = nil
	}
	if autoexport.IsNoneLogExporter(e.logs) {
		e.logs = nil
	}
	if autoexport.IsNoneMetricReader(e.metrics) {
		e.metrics = nil
	}
	return e
}

// shutdown ends those that were made. It sends nothing.
func (e exporters) shutdown(ctx context.Context) {
	if e.spans != nil {
		_ = e.spans.Shutdown(ctx)
	}
	if e.logs != nil {
		_ = e.logs.Shutdown(ctx)
	}
	if e.metrics != nil {
		_ = e.metrics.Shutdown(ctx)
	}
}

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
	go label.Do(ctx, "telemetry", "otelsdk", func(ctx context.Context) {
		select {
		case <-e.ended:
			cancel()
		case <-ctx.Done():
		}
	})
	return e.SpanExporter.ExportSpans(ctx, spans)
}
