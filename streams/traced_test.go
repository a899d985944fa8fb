package streams_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// letter is an item that brings the span of who sent it.
type letter struct{ sent trace.SpanContext }

func (l letter) span() trace.SpanContext { return l.sent }

// sent is n letters, of which every third was sent in a sampled span.
func sent(t *testing.T, rec *telemetrytest.Recorder, n int) []letter {
	t.Helper()
	letters := make([]letter, n)
	for i := range letters {
		_, span := rec.StartSpan(context.Background(), "send")
		span.End()
		switch i % 3 {
		case 0:
			letters[i].sent = span.SpanContext()
		case 1:
			letters[i].sent = span.SpanContext().WithTraceFlags(0)
		}
	}
	return letters
}

// spansOf is the spans of a name.
func spansOf(rec *telemetrytest.Recorder, name string) []sdktrace.ReadOnlySpan {
	var all []sdktrace.ReadOnlySpan
	for _, s := range rec.Spans() {
		if s.Name() == name {
			all = append(all, s)
		}
	}
	return all
}

func TestTheFunctionRunsInASpanOfTheItemsTrace(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	letters := sent(t, rec, 30)
	s := streams.FromSlice(letters).Named("orders", streams.WithTelemetry(rec.Options()...)).Traced(letter.span)
	s = s.Filter(func(letter) bool { return true }).Buffer(4, streams.Block)
	err := s.Stage("enrich").Parallel(3).ForEach(t.Context(), func(ctx context.Context, l letter) error {
		now := trace.SpanContextFromContext(ctx)
		if l.sent.IsSampled() != now.IsValid() || l.sent.IsSampled() && now.TraceID() != l.sent.TraceID() {
			return errors.New("not in the trace of the item")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	spans := spansOf(rec, "process orders/enrich")
	if len(spans) != 10 {
		t.Errorf("got %d spans, want one for each sampled item", len(spans))
	}
	for _, span := range spans {
		if p := span.Parent(); !p.IsRemote() || p.TraceID() != span.SpanContext().TraceID() {
			t.Errorf("a span has parent %v, want that of its item", p)
		}
	}
	rec.RequireDeclared()
}

func TestABatchIsLinkedToWhereItsItemsWereSent(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := streams.FromSlice(sent(t, rec, 202)).Named("orders", streams.WithTelemetry(rec.Options()...)).Traced(letter.span)
	store := func(context.Context, []letter) error { return nil }
	if err := streams.Batch(s, 200, 0).Stage("store").ForEach(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	span := rec.RequireSpan("process orders/store", flowconv.StreamItemsKey.Int(200))
	if got := len(span.Links()); got != 32 || span.Parent().IsValid() {
		t.Errorf("got %d links and parent %v, want 32 and none", got, span.Parent())
	}
	if got := len(spansOf(rec, "process orders/store")); got != 2 {
		t.Fatalf("got %d spans, want one for each batch", got)
	}
	unsampled := s.Filter(func(l letter) bool { return !l.sent.IsSampled() })
	if err := streams.Batch(unsampled, 10, 0).Stage("store").ForEach(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	if got := len(spansOf(rec, "process orders/store")); got != 2 {
		t.Errorf("got %d spans, want none for batches of which no item is sampled", got-2)
	}
	rec.RequireCount("goflow.stream.batch.size", 2+14, at("batch", "")...)
}

func TestABatchUnderARecordingRunIsItsChild(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	ctx, parent := rec.StartSpan(t.Context(), "request")
	s := streams.FromSlice(numbers(10)).Named("orders", streams.WithTelemetry(rec.Options()...))
	err := streams.Batch(s, 10, 0).Stage("store").ForEach(ctx, func(context.Context, []int) error { panic("boom") })
	var panicked *core.PanicError
	if !errors.As(err, &panicked) {
		t.Errorf("got error %v, want the panic", err)
	}
	parent.End()
	run, span := rec.RequireSpan("run orders"), rec.RequireSpan("process orders/store", flowconv.StreamItemsKey.Int(10))
	if span.Parent().SpanID() != run.SpanContext().SpanID() || len(span.Links()) != 0 {
		t.Errorf("the batch's span has parent %v and %d links, want the run and none", span.Parent(), len(span.Links()))
	}
}

func TestTracedNeedsAFunction(t *testing.T) {
	t.Parallel()
	if err := streams.FromSlice([]int{1}).Traced(nil).Drain(t.Context()); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got error %v, want one of the configuration", err)
	}
}

// TestTheTimesOfAStepTellWhoWaits has a slow step above a parallel one, and then a slow one below a buffer.
func TestTheTimesOfAStepTellWhoWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		seconds := func(name, stage string) float64 {
			return rec.RequireMetric("goflow.stream."+name+".time", at(stage, "")...).Value
		}
		wait := func(d time.Duration) func(context.Context, int) (int, error) {
			return func(_ context.Context, n int) (int, error) {
				<-time.After(d)
				return n, nil
			}
		}
		in := streams.FromSlice(numbers(10)).Named("orders", streams.WithTelemetry(rec.Options()...))
		slow := streams.Map(in, wait(time.Second)).Stage("work").Parallel(1)
		if err := streams.Map(slow, wait(time.Millisecond)).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if busy, idle := seconds("busy", "work"), seconds("idle", "work"); busy < 0.009 || busy > 0.02 || idle < 9 {
			t.Errorf("a worker that waits was busy for %v s and idle for %v s", busy, idle)
		}
		if blocked := seconds("blocked", "work"); blocked > 0.02 {
			t.Errorf("a source that is slower was blocked for %v s", blocked)
		}
		if err := streams.Merge(in).Stage("slow").Buffer(1, streams.Block).ForEach(t.Context(), func(ctx context.Context, n int) error {
			_, err := wait(time.Second)(ctx, n)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if blocked := seconds("blocked", "slow"); blocked < 7 || blocked > 10 {
			t.Errorf("those above a slow step were blocked for %v s, want about 9", blocked)
		}
	})
}
