package telemetrytest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/telemetry"
)

// Recorder keeps all spans, metrics and log records sent to its three providers. Make one with
// [New]; it is safe for concurrent use.
type Recorder struct {
	t       testing.TB
	spans   *tracetest.SpanRecorder
	reader  *sdkmetric.ManualReader
	logs    *logRecorder
	tracers *sdktrace.TracerProvider
	meters  *sdkmetric.MeterProvider
	loggers *sdklog.LoggerProvider

	mu   sync.Mutex
	seen map[string]bool // names of metrics of all collections so far
}

// New makes a Recorder for t. It is shut down when t ends.
func New(t testing.TB) *Recorder {
	r := &Recorder{
		t:      t,
		spans:  tracetest.NewSpanRecorder(),
		reader: sdkmetric.NewManualReader(),
		logs:   &logRecorder{},
		seen:   make(map[string]bool),
	}
	r.tracers = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample()), sdktrace.WithSpanProcessor(r.spans))
	r.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader))
	r.loggers = sdklog.NewLoggerProvider(sdklog.WithProcessor(r.logs))
	t.Cleanup(func() {
		ctx := context.Background() // the test's own has ended
		_ = r.tracers.Shutdown(ctx)
		_ = r.meters.Shutdown(ctx)
		_ = r.loggers.Shutdown(ctx)
	})
	return r
}

// Options makes an engine report to the Recorder, by its option WithTelemetry.
func (r *Recorder) Options() []telemetry.Option {
	return []telemetry.Option{
		telemetry.WithTracerProvider(r.tracers),
		telemetry.WithMeterProvider(r.meters),
		telemetry.WithLoggerProvider(r.loggers),
	}
}

// TracerProvider records spans as they end.
func (r *Recorder) TracerProvider() *sdktrace.TracerProvider { return r.tracers }

// MeterProvider holds metrics, which are read when asked for.
func (r *Recorder) MeterProvider() *sdkmetric.MeterProvider { return r.meters }

// LoggerProvider records log records as they are emitted.
func (r *Recorder) LoggerProvider() *sdklog.LoggerProvider { return r.loggers }

// scope is where [Recorder.StartSpan]'s spans are from.
const scope = "github.com/goflow-go/goflow/telemetry/telemetrytest"

// StartSpan starts a recording span to be the parent of what is tested. The caller ends it.
func (r *Recorder) StartSpan(ctx context.Context, name string) (context.Context, trace.Span) {
	return r.tracers.Tracer(scope).Start(ctx, name)
}

// Spans are the spans that have ended, in that order.
func (r *Recorder) Spans() []sdktrace.ReadOnlySpan { return r.spans.Ended() }

// Logs are the log records so far, events and others.
func (r *Recorder) Logs() []sdklog.Record { return r.logs.all() }

// Collect reads all metrics as a reader of the application would, callbacks included.
func (r *Recorder) Collect() metricdata.ResourceMetrics {
	r.t.Helper()
	var rm metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &rm); err != nil {
		r.t.Fatalf("telemetrytest: collecting metrics: %v", err)
	}
	r.notice(rm)
	return rm
}

// logRecorder is a processor that keeps every record.
type logRecorder struct {
	mu   sync.Mutex
	list []sdklog.Record
}

func (l *logRecorder) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }

func (l *logRecorder) OnEmit(_ context.Context, r *sdklog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, r.Clone())
	return nil
}

func (l *logRecorder) Shutdown(context.Context) error   { return nil }
func (l *logRecorder) ForceFlush(context.Context) error { return nil }

func (l *logRecorder) all() []sdklog.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

// attributesOf lists a log record's attributes.
func attributesOf(r *sdklog.Record) []attribute.KeyValue {
	var list []attribute.KeyValue
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		list = append(list, kv)
		return true
	})
	return list
}
