package telemetrytest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func ExampleNew() {
	t := &fakeTB{} // the test's own *testing.T
	rec := telemetrytest.New(t)

	// What is tested reports to rec.Options().
	scope := telemetry.NewScope("github.com/goflow-go/goflow/limit", rec.Options()...)
	ctx, parent := rec.StartSpan(context.Background(), "request")
	_, span := scope.Start(ctx, "allow checkout", flowconv.LimiterNameKey.String("checkout"))
	span.End(nil)
	parent.End()

	got := rec.RequireSpan("allow checkout", flowconv.LimiterNameKey.String("checkout"))
	fmt.Println(got.Name(), got.Parent().SpanID() == parent.SpanContext().SpanID())
	// Output: allow checkout true
}

func ExampleRecorder_RequireSum() {
	rec := telemetrytest.New(&fakeTB{})
	requests, _ := rec.MeterProvider().Meter("app").Int64Counter("requests")
	requests.Add(context.Background(), 3)

	rec.RequireSum("requests", 3)
	fmt.Print(rec.RequireMetric("requests").Value)
	// Output: 3
}

var _ testing.TB = (*fakeTB)(nil)
