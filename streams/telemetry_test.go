package streams_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"

	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// at is the attributes of a step of the stream "orders" and, if not empty, an outcome.
func at(stage, outcome string) []attribute.KeyValue {
	attrs := []attribute.KeyValue{flowconv.StreamNameKey.String("orders"), flowconv.StreamStageKey.String(stage)}
	if outcome != "" {
		attrs = append(attrs, flowconv.StreamOutcomeKey.String(outcome))
	}
	return attrs
}

func TestANamedStreamTellsWhatItDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		ctx, parent := rec.StartSpan(t.Context(), "request")
		s := streams.FromSlice(numbers(30)).Named("orders", streams.WithTelemetry(rec.Options()...)).Stage("valid").Filter(even)
		s = s.Buffer(4, streams.DropNewest).Stage("line").Buffer(4, streams.Block)
		enriched := streams.Map(s.Stage("enrich").SkipErrors(), func(_ context.Context, n int) (int, error) {
			<-time.After(time.Second)
			if n == 2 {
				return 0, errBoom
			}
			return n, nil
		})
		looked := false
		n, err := enriched.Tap(func(int) {
			if !looked {
				rec.RequireSum("goflow.stream.buffer.size", 3, at("line", "")...)
				rec.RequireSum("goflow.stream.buffer.capacity", 4, at("line", "")...)
				looked = true
			}
		}).Count(ctx)
		if err != nil {
			t.Fatal(err)
		}
		dropped := int64(15 - 1 - n)
		rec.RequireSum("goflow.stream.items", 15, at("valid", "emitted")...)
		rec.RequireSum("goflow.stream.items", 15, at("valid", "filtered")...)
		rec.RequireSum("goflow.stream.items", dropped, at("buffer", "dropped")...)
		rec.RequireSum("goflow.stream.items", int64(n), at("enrich", "emitted")...)
		rec.RequireSum("goflow.stream.items", 1, at("enrich", "failed")...)
		err = streams.Map(s, func(context.Context, int) (int, error) { return 0, errBoom }).Drain(ctx)
		requireStage(t, err, "map", errBoom)
		if want := `streams: "orders": stage "map": boom`; err.Error() != want {
			t.Errorf("got error %v, want %v", err, want)
		}
		rec.RequireSum("goflow.stream.items", 30, at("valid", "emitted")...) // counts go on from run to run
		slow := streams.Map(s.Parallel(2), func(_ context.Context, n int) (int, error) {
			<-time.After(time.Second)
			return n, nil
		})
		batches := streams.Batch(slow, 2, 0)
		err = batches.Stage("store").ForEach(ctx, func(context.Context, []int) error { return errBoom })
		requireStage(t, err, "store", errBoom)
		rec.RequireSpan("process orders/store", flowconv.StreamItemsKey.Int(2), flowconv.ErrorTypeKey.String("_OTHER"))
		hour := streams.WindowConfig[int]{Size: time.Hour, Lateness: time.Minute, Time: func(int) time.Time { return time.Now() }}
		none := func() int { return 0 }
		err = streams.Windows(s.Stage("hourly"), hour, none, func(acc, _ int) int { return acc + 1 }).ForEach(ctx, func(context.Context, streams.Window[int]) error {
			<-time.After(time.Minute)
			if delay := rec.RequireMetric("goflow.stream.watermark.delay", at("hourly", "")...).Value; delay != 120 {
				t.Errorf("the watermark is %v s late, want the lateness and the time since, 120", delay)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		parent.End()
		rec.RequireDeclared()
		rec.RequireEmitted("goflow.stream.")
		span := rec.RequireSpan("run orders", flowconv.StreamItemsKey.Int(n))
		if span.Parent().SpanID() != parent.SpanContext().SpanID() {
			t.Errorf("the run's span has parent %v, want the caller's", span.Parent())
		}
		failed := rec.RequireSpan("run orders", flowconv.StreamItemsKey.Int(0))
		if failed.Status().Code != codes.Error {
			t.Errorf("the failed run's span has status %v", failed.Status())
		}
	})
}

func TestAStreamWithoutANameEmitsNothing(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	ctx, parent := rec.StartSpan(t.Context(), "request")
	if err := streams.FromSlice(numbers(3)).Buffer(1, streams.Block).Drain(ctx); err != nil {
		t.Fatal(err)
	}
	parent.End()
	if got := len(rec.Spans()); got != 1 {
		t.Errorf("got %d spans, want the caller's alone", got)
	}
}
