package telemetry_test

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/log"
	logembedded "go.opentelemetry.io/otel/log/embedded"
	"go.opentelemetry.io/otel/metric"
	metricembedded "go.opentelemetry.io/otel/metric/embedded"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	traceembedded "go.opentelemetry.io/otel/trace/embedded"

	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// countingProvider counts what is made of a MeterProvider.
type countingProvider struct {
	metric.MeterProvider
	calls map[string]int
}

func (p *countingProvider) Meter(name string, opts ...metric.MeterOption) metric.Meter {
	p.calls["Meter"]++
	return countingMeter{p.MeterProvider.Meter(name, opts...), p.calls}
}

type countingMeter struct {
	metric.Meter
	calls map[string]int
}

func (m countingMeter) RegisterCallback(f metric.Callback, in ...metric.Observable) (metric.Registration, error) {
	m.calls["RegisterCallback"]++
	return m.Meter.RegisterCallback(f, in...)
}

func (m countingMeter) Int64ObservableCounter(name string, opts ...metric.Int64ObservableCounterOption) (metric.Int64ObservableCounter, error) {
	m.calls["counter"]++
	return m.Meter.Int64ObservableCounter(name, opts...)
}

func (m countingMeter) Int64ObservableUpDownCounter(name string, opts ...metric.Int64ObservableUpDownCounterOption) (metric.Int64ObservableUpDownCounter, error) {
	m.calls["updown"]++
	return m.Meter.Int64ObservableUpDownCounter(name, opts...)
}

func (m countingMeter) Float64Histogram(name string, opts ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	m.calls["histogram"]++
	return m.Meter.Float64Histogram(name, opts...)
}

// heldProvider is a MeterProvider whose collections the test runs, and may hold inside the first
// value they are given.
type heldProvider struct {
	metricnoop.MeterProvider
	callback metric.Callback
	inside   chan struct{} // closed when a collection has got there
	release  chan struct{} // closed to let it go on
}

func (p *heldProvider) Meter(string, ...metric.MeterOption) metric.Meter { return &heldMeter{p: p} }

type heldMeter struct {
	metricnoop.Meter
	p *heldProvider
}

func (m *heldMeter) RegisterCallback(f metric.Callback, _ ...metric.Observable) (metric.Registration, error) {
	m.p.callback = f
	return metricnoop.Registration{}, nil
}

// collect reads the values of all points by the name of their instance, and adds them up.
func (p *heldProvider) collect(ctx context.Context) map[string]int64 {
	got := make(map[string]int64)
	_ = p.callback(ctx, &heldObserver{hold: sync.OnceFunc(func() {
		if p.inside != nil {
			close(p.inside)
			<-p.release
		}
	}), got: got})
	return got
}

type heldObserver struct {
	metricembedded.Observer
	hold func()
	got  map[string]int64
}

func (o *heldObserver) ObserveFloat64(metric.Float64Observable, float64, ...metric.ObserveOption) {}

func (o *heldObserver) ObserveInt64(_ metric.Int64Observable, v int64, opts ...metric.ObserveOption) {
	o.hold()
	set := metric.NewObserveConfig(opts).Attributes()
	name, _ := set.Value(flowconv.LimiterNameKey)
	o.got[name.AsString()] += v
}

// The providers below panic where they are told to: "Tracer", "Start", "SetAttributes", and so on.

type panickingTracers struct {
	traceembedded.TracerProvider
	at    string
	inner trace.TracerProvider
}

func (p panickingTracers) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	panicAt(p.at, "Tracer")
	return panickingTracer{p.inner.Tracer(name, opts...), p.at}
}

type panickingTracer struct {
	trace.Tracer
	at string
}

func (t panickingTracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	panicAt(t.at, "Start")
	ctx, span := t.Tracer.Start(ctx, name, opts...)
	return ctx, panickingSpan{span, t.at}
}

type panickingSpan struct {
	trace.Span
	at string
}

func (s panickingSpan) IsRecording() bool {
	panicAt(s.at, "IsRecording")
	return s.Span.IsRecording()
}

func (s panickingSpan) End(opts ...trace.SpanEndOption) {
	panicAt(s.at, "End")
	s.Span.End(opts...)
}

type panickingMeters struct {
	metricembedded.MeterProvider
	at    string
	inner metric.MeterProvider
}

func (p panickingMeters) Meter(name string, opts ...metric.MeterOption) metric.Meter {
	panicAt(p.at, "Meter")
	return panickingMeter{p.inner.Meter(name, opts...), p.at}
}

type panickingMeter struct {
	metric.Meter
	at string
}

func (m panickingMeter) Int64ObservableCounter(name string, opts ...metric.Int64ObservableCounterOption) (metric.Int64ObservableCounter, error) {
	panicAt(m.at, "Int64ObservableCounter")
	return m.Meter.Int64ObservableCounter(name, opts...)
}

func (m panickingMeter) RegisterCallback(f metric.Callback, in ...metric.Observable) (metric.Registration, error) {
	panicAt(m.at, "RegisterCallback")
	return m.Meter.RegisterCallback(f, in...)
}

func (m panickingMeter) Float64Histogram(name string, opts ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	panicAt(m.at, "Float64Histogram")
	h, err := m.Meter.Float64Histogram(name, opts...)
	return panickingHistogram{h, m.at}, err
}

type panickingHistogram struct {
	metric.Float64Histogram
	at string
}

func (h panickingHistogram) Enabled(ctx context.Context) bool {
	panicAt(h.at, "histogram.Enabled")
	return h.Float64Histogram.Enabled(ctx)
}

func (h panickingHistogram) Record(ctx context.Context, v float64, opts ...metric.RecordOption) {
	panicAt(h.at, "Record")
	h.Float64Histogram.Record(ctx, v, opts...)
}

type panickingLoggers struct {
	logembedded.LoggerProvider
	at    string
	inner log.LoggerProvider
}

func (p panickingLoggers) Logger(name string, opts ...log.LoggerOption) log.Logger {
	panicAt(p.at, "Logger")
	return panickingLogger{p.inner.Logger(name, opts...), p.at}
}

type panickingLogger struct {
	log.Logger
	at string
}

func (l panickingLogger) Enabled(ctx context.Context, p log.EnabledParameters) bool {
	panicAt(l.at, "logger.Enabled")
	return l.Logger.Enabled(ctx, p)
}

func (l panickingLogger) Emit(ctx context.Context, r log.Record) {
	panicAt(l.at, "Emit")
	l.Logger.Emit(ctx, r)
}

func panicAt(at, here string) {
	if at == here {
		panic("provider panics at " + here)
	}
}
