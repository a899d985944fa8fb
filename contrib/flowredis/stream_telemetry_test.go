package flowredis_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestTelemetryOfStreamsIsAsDeclared(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	to := flowredis.WithTelemetry(rec.Options()...)
	server := redistest.Single(t, redistest.WithAppendOnly("always"))
	l := newLine(t, calmClient(t, server.Addr()))
	p := l.producer(flowredis.ProducerConfig{}, to)
	c := l.consumer("first", flowredis.ConsumerConfig{}, to)
	outcome := flowconv.ConsumerOutcomeKey
	rec.RequireSum("goflow.consumer.messages", 0, outcome.String("claimed")) // from birth
	ctx, parent := rec.StartSpan(t.Context(), "request")
	if err := p.Add(ctx, numbered(0, 3)...); err != nil {
		t.Fatal(err)
	}
	parent.End()
	seen := newTallied()
	var under trace.SpanContext
	stop := running(t, c, func(ctx context.Context, m flowredis.Message) error {
		under = trace.SpanContextFromContext(ctx)
		seen.note(number(m))
		return nil
	})
	await(t, "the acknowledgement", patient, func() bool { return c.Stats().Acknowledged == 3 })
	rec.RequireSum("goflow.consumer.messages", 3, outcome.String("received"))
	rec.RequireSum("goflow.consumer.messages", 3, outcome.String("acknowledged"))
	rec.RequireSum("goflow.consumer.message.active", 0)
	rec.RequireSum("goflow.consumer.paused", 0)
	rec.RequireSum("goflow.producer.messages", 3, flowconv.ProducerOutcomeKey.String("added"))
	server.Kill()
	await(t, "the pause", patient, func() bool { return c.Stats().Paused })
	rec.RequireSum("goflow.consumer.paused", 1)
	server.Revive()
	await(t, "the end of the pause", patient, func() bool { return !c.Stats().Paused })
	if err := stop(); err != nil {
		t.Error(err)
	}
	rec.RequireEvent(flowconv.EventConsumerStateChange, flowconv.ConsumerStateKey.String("paused"))
	rec.RequireEvent(flowconv.EventConsumerStateChange, flowconv.ConsumerStateKey.String("reading"))
	sent := rec.RequireSpan("publish orders", flowconv.ProducerMessagesKey.Int(3))
	if sent.SpanKind() != trace.SpanKindProducer || sent.Parent().SpanID() != parent.SpanContext().SpanID() {
		t.Errorf("the messages were added in a %v span under %v, want a producer's under the request", sent.SpanKind(), sent.Parent().SpanID())
	}
	if under.TraceID() != parent.SpanContext().TraceID() {
		t.Errorf("a message was processed in trace %v, want that of the request, %v", under.TraceID(), parent.SpanContext().TraceID())
	}
	rec.RequireDeclared()
}

func TestLagIsKnown(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	l.add(0, 50)
	c := l.consumer("first", flowredis.ConsumerConfig{Batch: 10})
	stuck := make(chan struct{})
	stop := running(t, c, func(ctx context.Context, _ flowredis.Message) error {
		select {
		case <-stuck:
		case <-ctx.Done():
		}
		return nil
	})
	await(t, "the first look", patient, func() bool { return c.Stats().Lag == 50 })
	close(stuck)
	await(t, "the acknowledgements", patient, func() bool { return c.Stats().Acknowledged == 50 })
	if err := stop(); err != nil {
		t.Error(err)
	}
}
