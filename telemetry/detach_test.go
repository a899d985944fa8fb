package telemetry_test

import (
	"context"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

type key string

func TestDetachKeepsTheTraceTheBaggageAndTheNamedValues(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	member, err := baggage.NewMember("tenant", "blue")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithValue(t.Context(), key("user"), "ann")
	ctx = context.WithValue(ctx, key("request"), make([]byte, 1<<20))
	ctx, cancel := context.WithTimeout(baggage.ContextWithBaggage(ctx, bag), time.Hour)
	ctx, span := rec.StartSpan(ctx, "request")
	defer span.End()

	detached := telemetry.Detach(ctx, key("user"), key("absent"))
	cancel()
	if detached.Err() != nil || detached.Done() != nil {
		t.Error("the end of the caller ends the detached context")
	}
	if _, ok := detached.Deadline(); ok {
		t.Error("the deadline came along")
	}
	if detached.Value(key("user")) != "ann" || detached.Value(key("request")) != nil || detached.Value(key("absent")) != nil {
		t.Errorf("values: %v, %v; want the named one only", detached.Value(key("user")), detached.Value(key("request")))
	}
	if got := baggage.FromContext(detached).Member("tenant").Value(); got != "blue" {
		t.Errorf("baggage %q", got)
	}
	if got := trace.SpanContextFromContext(detached); !got.Equal(span.SpanContext()) {
		t.Errorf("span context %v, want %v", got, span.SpanContext())
	}
	if trace.SpanFromContext(detached).IsRecording() {
		t.Error("the detached context holds the caller's span itself")
	}
}

func TestDetachOfABareContextIsTheBackground(t *testing.T) {
	t.Parallel()
	if got := telemetry.Detach(t.Context()); got != context.Background() {
		t.Errorf("got %v", got)
	}
}

func TestLabeledWorkShowsInProfilesUnderItsName(t *testing.T) {
	t.Parallel()
	telemetry.Labeled(t.Context(), "pool", "images", func(ctx context.Context) {
		kind, _ := pprof.Label(ctx, "goflow.kind")
		name, _ := pprof.Label(ctx, "goflow.name")
		if kind != "pool" || name != "images" {
			t.Errorf("labels %q and %q", kind, name)
		}
		var dump strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&dump, 1); err != nil {
			t.Error(err)
		}
		if !strings.Contains(dump.String(), `"goflow.name":"images"`) {
			t.Error("the goroutine profile does not show the label")
		}
	})
}
