package console_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/contrib/flowadmin/console"
)

// ended gives a span that has ended, of a trace of one's own choice.
func ended(b *testing.B, id trace.TraceID) sdktrace.ReadOnlySpan {
	b.Helper()
	var span sdktrace.ReadOnlySpan
	p := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(catch{&span}))
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled})
	_, s := p.Tracer("test").Start(trace.ContextWithSpanContext(context.Background(), parent), "allow api", trace.WithAttributes(
		attribute.String("goflow.limiter.name", "api"), attribute.String("goflow.limiter.algorithm", "token_bucket"),
		attribute.String("goflow.limiter.outcome", "allowed"), attribute.Int("goflow.limiter.permits", 1)))
	s.End()
	return span
}

// catch keeps the last span.
type catch struct{ span *sdktrace.ReadOnlySpan }

func (catch) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (c catch) OnEnd(s sdktrace.ReadOnlySpan)                 { *c.span = s }
func (catch) Shutdown(context.Context) error                  { return nil }
func (catch) ForceFlush(context.Context) error                { return nil }

func BenchmarkOnEnd(b *testing.B) {
	for _, c := range []struct {
		name string
		id   trace.TraceID
	}{
		{"kept", trace.TraceID{0: 1}},
		{"left out", trace.TraceID{0: 1, 15: 1}},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := newSDK(b, console.RecorderConfig{})
			p, kept, span := s.recorder.SpanProcessor(), ended(b, trace.TraceID{0: 1}), ended(b, c.id)
			for range 200_000 { // fills the ring, and makes the load high
				p.OnEnd(kept)
			}
			b.ReportAllocs()
			for b.Loop() {
				p.OnEnd(span)
			}
		})
	}
}

func BenchmarkOnEmit(b *testing.B) {
	s := newSDK(b, console.RecorderConfig{})
	var record sdklog.Record
	record.SetTimestamp(time.Now())
	record.SetSeverity(log.SeverityInfo)
	record.SetBody(attribute.StringValue("application is ready"))
	record.AddAttributes(attribute.String("goflow.app.state", "ready"), attribute.Int("n", 1))
	p := s.recorder.LogProcessor()
	b.ReportAllocs()
	for b.Loop() {
		_ = p.OnEmit(context.Background(), &record)
	}
}

func BenchmarkCollect(b *testing.B) {
	s := newSDK(b, console.RecorderConfig{})
	meter := s.meters.Meter("test")
	counter, _ := meter.Int64Counter("goflow.limiter.decisions")
	histogram, _ := meter.Float64Histogram("goflow.limiter.wait.duration")
	for i := range 250 { // 500 series
		counter.Add(b.Context(), 1, ofLimiter(fmt.Sprint(i)))
		histogram.Record(b.Context(), 0.1, ofLimiter(fmt.Sprint(i)))
	}
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second)
		if err := s.recorder.Collect(b.Context(), now); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkScan looks at all the spans of a full ring, as api/traces does.
func BenchmarkScan(b *testing.B) {
	s := newSDK(b, console.RecorderConfig{})
	for i := range 20_000 {
		s.trace(i)
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(s.recorder.SpanCounts()) == 0 {
			b.Fatal("there is nothing")
		}
	}
}
