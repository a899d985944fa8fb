package flowhttp_test

import (
	"context"
	"net/http"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestAStreamIsPartOfItsRequestsTrace(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	named := streams.WithTelemetry(rec.Options()...)
	seen := make(chan trace.SpanContext, 2)
	look := func(ctx context.Context, n int) (int, error) {
		seen <- trace.SpanContextFromContext(ctx)
		return n, nil
	}
	m := recordedMiddleware(t, rec, flowhttp.MiddlewareConfig{})
	s, base := serve(t, m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rows := streams.Map(flowhttp.NDJSON[int](r.Body).Named("inbound", named), look)
		if err := flowhttp.WriteNDJSON(w, r, rows); err != nil {
			t.Error(err)
		}
	})))
	c := &http.Client{Transport: recordedTransport(t, rec, flowhttp.WithBase(base.Transport))}
	scope := rec.TracerProvider().Tracer("test")
	ctx, parent := scope.Start(t.Context(), "caller")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, flowhttp.NDJSONBody(ctx, streams.FromSlice([]int{1})))
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	rows := streams.Map(flowhttp.NDJSON[int](res.Body).Named("answered", named), look)
	if n, err := rows.Count(ctx); n != 1 || err != nil {
		t.Errorf("got %d items and error %v, want 1", n, err)
	}
	parent.End()
	s.Close()
	for range 2 {
		if got := (<-seen).TraceID(); got != parent.SpanContext().TraceID() {
			t.Errorf("an item is in trace %s, want that of the caller, %s", got, parent.SpanContext().TraceID())
		}
	}
	if in, server := rec.RequireSpan("run inbound"), rec.RequireSpan("POST"); in.Parent().SpanID() != server.SpanContext().SpanID() {
		t.Error("the stream's run is no child of the request's span")
	}
}
