package streams_test

import (
	"context"
	"fmt"
	"io"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/telemetry"
)

// inbox stands for a consumer of a message broker.
type inbox struct{ messages []string }

func (b *inbox) Fetch(_ context.Context, most int) ([]string, error) {
	if len(b.messages) == 0 {
		return nil, io.EOF
	}
	n := min(most, len(b.messages))
	items := b.messages[:n]
	b.messages = b.messages[n:]
	return items, nil
}

func (*inbox) Ack(_ context.Context, items []string) error {
	fmt.Println("acknowledged", items)
	return nil
}

func ExampleFromAcknowledged() {
	orders := streams.FromAcknowledged[string](&inbox{messages: []string{"a", "b", "c"}})
	err := streams.Batch(orders, 2, time.Second).ForEach(context.Background(), func(_ context.Context, batch []string) error {
		fmt.Println("stored", batch)
		return nil
	})
	fmt.Println(err)
	// Output:
	// stored [a b]
	// stored [c]
	// acknowledged [a b c]
	// <nil>
}

func ExampleStream_Traced() {
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample()))
	_, sender := tracers.Tracer("shop").Start(context.Background(), "send")
	type message struct{ from trace.SpanContext } // in truth: taken from the headers

	in := streams.FromSlice([]message{{sender.SpanContext()}, {}}).
		Named("orders", streams.WithTelemetry(telemetry.WithTracerProvider(tracers))).
		Traced(func(m message) trace.SpanContext { return m.from })
	err := in.Stage("enrich").ForEach(context.Background(), func(ctx context.Context, _ message) error {
		now := trace.SpanContextFromContext(ctx)
		fmt.Println("in the sender's trace:", now.TraceID() == sender.SpanContext().TraceID())
		return nil
	})
	fmt.Println(err)
	// Output:
	// in the sender's trace: true
	// in the sender's trace: false
	// <nil>
}
