package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// ownClass is an error whose class is not of the closed set.
type ownClass struct{}

func (ownClass) Error() string     { return "user 4711 not found" }
func (ownClass) ErrorType() string { return "user-4711" }

func TestDurationsKnowOnlyTheClosedSetOfErrors(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	d := newEngine(newKind(), "checkout", rec.Options()...).Durations(flowconv.LimiterWaitDuration, checkout)
	for _, err := range []error{
		nil, context.Canceled, fmt.Errorf("wait: %w", context.DeadlineExceeded), core.ErrClosed, core.ErrAborted,
		errors.New("tenant 1"), errors.New("tenant 2"), ownClass{},
	} {
		d.Record(t.Context(), time.Second, err)
	}
	for class, n := range map[string]uint64{core.TypeCanceled: 1, core.TypeTimeout: 1, core.TypeClosed: 1, core.TypePanic: 1, core.TypeOther: 3} {
		rec.RequireCount("goflow.limiter.wait.duration", n, checkout, flowconv.ErrorTypeKey.String(class))
	}
	var success int
	for _, p := range rec.Points("goflow.limiter.wait.duration") {
		if !slices.Contains(keysOf(p.Attributes.ToSlice()), "error.type") {
			success++
		}
	}
	if success != 1 {
		t.Errorf("%d points without error.type, want the one of success", success)
	}
	rec.RequireDeclared()
}

func TestDurationsUseTheDeclaredBoundaries(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	d := newEngine(newKind(), "checkout", rec.Options()...).Durations(flowconv.LimiterWaitDuration)
	d.Record(t.Context(), 20*time.Millisecond, nil)
	for _, m := range rec.Collect().ScopeMetrics[0].Metrics {
		if h, ok := m.Data.(metricdata.Histogram[float64]); ok {
			p := h.DataPoints[0]
			i := slices.Index(p.Bounds, 0.025)
			if !slices.Equal(p.Bounds, flowconv.LimiterWaitDuration.Boundaries) || p.Sum != 0.02 || p.BucketCounts[i] != 1 {
				t.Errorf("20ms are at %v of %v, sum %v", p.BucketCounts, p.Bounds, p.Sum)
			}
			return
		}
	}
	t.Error("no histogram")
}

func TestDurationsShowASampledTraceAsExemplar(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	d := newEngine(newKind(), "checkout", rec.Options()...).Durations(flowconv.LimiterWaitDuration, checkout)
	d.Record(notRecording(t.Context()), time.Second, nil)
	if got := rec.RequireMetric("goflow.limiter.wait.duration").Exemplars; len(got) > 0 {
		t.Errorf("an unsampled trace is an exemplar: %v", got)
	}
	ctx, span := rec.StartSpan(t.Context(), "request")
	d.Record(ctx, time.Second, nil)
	span.End()
	if got := rec.RequireMetric("goflow.limiter.wait.duration").Exemplars; len(got) != 1 || got[0] != span.SpanContext().TraceID() {
		t.Errorf("exemplars %v, want trace %v", got, span.SpanContext().TraceID())
	}
}

func TestDurationsOfAMetricTheKindDoesNotHaveDoNothing(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	other := flowconv.Metric{Name: "test.duration", Instrument: flowconv.Histogram}
	newEngine(newKind(), "checkout", rec.Options()...).Durations(other).Record(t.Context(), 1, nil)
	rec.RequireNoMetric("test.duration")
}

func TestNoCallTakesAMetricAttribute(t *testing.T) {
	t.Parallel()
	attr := reflect.TypeFor[attribute.KeyValue]()
	fixed := []string{"Durations", "Sizes"} // made once, with the instance
	for _, typ := range []reflect.Type{
		reflect.TypeFor[*telemetry.Observer](), reflect.TypeFor[*telemetry.Durations](),
		reflect.TypeFor[*telemetry.Sizes](), reflect.TypeFor[*telemetry.Registration](), reflect.TypeFor[*telemetry.Point](),
	} {
		for i := range typ.NumMethod() {
			m := typ.Method(i)
			for j := range m.Type.NumIn() {
				in := m.Type.In(j)
				if (in == attr || in.Kind() == reflect.Slice && in.Elem() == attr) && !slices.Contains(fixed, m.Name) {
					t.Errorf("%s.%s takes attributes: keys and tenants would become series", typ, m.Name)
				}
			}
		}
	}
}

func TestAnEventIsALogRecordInTheCallersTrace(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := telemetry.NewScope(scopeName, rec.Options()...)
	ctx, span := rec.StartSpan(t.Context(), "request")
	s.Event(ctx, log.SeverityWarn, flowconv.EventLimiterQuotaChange, "rate is 5/s now", checkout)
	span.End()
	e := rec.RequireEvent(flowconv.EventLimiterQuotaChange, checkout)
	if e.TraceID() != span.SpanContext().TraceID() || e.SpanID() != span.SpanContext().SpanID() ||
		e.Severity() != log.SeverityWarn || e.Body().AsString() != "rate is 5/s now" || e.Timestamp().IsZero() {
		t.Errorf("event %v %v in %v at %v", e.Severity(), e.Body(), e.TraceID(), e.Timestamp())
	}
	if len(rec.RequireSpan("request").Events()) > 0 {
		t.Error("the event is a span event as well")
	}
	rec.RequireDeclared()
}

func TestNoProviderAtAllCostsNoAllocation(t *testing.T) {
	e := newEngine(newKind(), "checkout", telemetry.WithTracerProvider(noop.NewTracerProvider()))
	d := e.Durations(flowconv.LimiterWaitDuration, checkout)
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { d.Record(ctx, 1, nil); _ = e.scope.Traced(ctx) }); n > 0 {
		t.Errorf("%v allocations without an SDK", n)
	}
}

// silent is an instance that reports nothing when it is read.
type silent struct{}

func (silent) Observe(*telemetry.Observer) {}

func TestSizesAreCountedInTheDeclaredBoundaries(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	kind := telemetry.NewKind(scopeName, flowconv.StreamBatchSize)
	r := kind.Register(telemetry.NewScope(scopeName, rec.Options()...), silent{})
	defer r.Close()
	name := flowconv.StreamNameKey.String("orders")
	sizes := r.Sizes(flowconv.StreamBatchSize, name)
	for n := range 3 {
		sizes.Record(t.Context(), n)
	}
	rec.RequireCount("goflow.stream.batch.size", 3, name)
	if got := rec.RequireMetric("goflow.stream.batch.size", name).Sum; got != 3 {
		t.Errorf("got a sum of %v, want 3", got)
	}
	rec.RequireDeclared()
	r.Sizes(flowconv.StreamItems).Record(t.Context(), 1) // no histogram of the kind
}
