package telemetry_test

import (
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestProducerSpanIsAChildOfItsKindUnderARecordingParentOnly(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := telemetry.NewScope("github.com/goflow-go/goflow/contrib/flowredis", rec.Options()...)
	attrs := flowconv.ProducerNameKey.String("orders")
	if _, span := s.StartProducer(t.Context(), "publish orders", attrs); span.Recording() {
		t.Error("there is a span without a parent")
	}
	ctx, parent := rec.StartSpan(t.Context(), "request")
	_, span := s.StartProducer(ctx, "publish orders", attrs)
	span.End(nil)
	parent.End()
	got := rec.RequireSpan("publish orders", attrs)
	if got.SpanKind() != trace.SpanKindProducer || got.Parent().SpanID() != parent.SpanContext().SpanID() {
		t.Errorf("got a %v span under %v, want a producer's under %v", got.SpanKind(), got.Parent().SpanID(), parent.SpanContext().SpanID())
	}
}
