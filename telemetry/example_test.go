package telemetry_test

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// turnstile counts in its own memory; the reader of metrics asks when it collects.
type turnstile struct {
	passed atomic.Int64
	point  telemetry.Point
}

func (t *turnstile) Observe(o *telemetry.Observer) { o.Observe(&t.point, t.passed.Load()) }

func ExampleKind_Register() {
	reader := metric.NewManualReader()
	provider := metric.NewMeterProvider(metric.WithReader(reader))

	kind := telemetry.NewKind("example.com/turnstile", flowconv.LimiterPermits)
	scope := telemetry.NewScope("example.com/turnstile", telemetry.WithMeterProvider(provider))
	north := &turnstile{point: telemetry.NewPoint(flowconv.LimiterPermits, flowconv.LimiterNameKey.String("north"))}
	registration := kind.Register(scope, north)

	north.passed.Add(3) // all that an operation costs
	registration.Close()

	var collected metricdata.ResourceMetrics
	_ = reader.Collect(context.Background(), &collected)
	sum := collected.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64])
	fmt.Println(sum.DataPoints[0].Value)
	// Output: 3
}

func ExampleScope_StartLinked() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	scope := telemetry.NewScope("example.com/jobs", telemetry.WithTracerProvider(provider))

	// A request asks for work that runs later.
	ctx, request := provider.Tracer("example.com/app").Start(context.Background(), "POST /report")
	link, _ := telemetry.Link(ctx)
	later := telemetry.Detach(ctx)
	request.End()

	// The work is a trace of its own that shows where it came from.
	_, run := scope.StartLinked(later, "run report", []trace.Link{link})
	run.End(nil)

	got := spans.Ended()[1]
	fmt.Println(got.Name(), got.Parent().IsValid(), got.Links()[0].SpanContext.Equal(request.SpanContext()))
	// Output: run report false true
}

func ExampleDetach() {
	type userKey struct{}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), userKey{}, "ann"))

	later := telemetry.Detach(ctx, userKey{})
	cancel()
	fmt.Println(later.Value(userKey{}), later.Err())
	// Output: ann <nil>
}

func ExampleLabeled() {
	telemetry.Labeled(context.Background(), "pool", "images", func(context.Context) {
		fmt.Println("seen in profiles as goflow.name=images")
	})
	// Output: seen in profiles as goflow.name=images
}

func ExampleNewScope() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	scope := telemetry.NewScope("example.com/turnstile", telemetry.WithTracerProvider(provider))

	// Nobody traces this caller, so the operation costs one look at the context.
	_, span := scope.Start(context.Background(), "pass north")
	span.End(nil)

	ctx, request := provider.Tracer("example.com/app").Start(context.Background(), "GET /")
	_, span = scope.Start(ctx, "pass north")
	span.End(nil)
	request.End()

	for _, s := range spans.Ended() {
		fmt.Println(s.Name())
	}
	// Output:
	// pass north
	// GET /
}
