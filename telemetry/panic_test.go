package telemetry_test

import (
	"context"
	"errors"
	"testing"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestAProviderThatPanicsDoesNotReachTheCaller(t *testing.T) {
	t.Parallel()
	for _, at := range []string{
		"Tracer", "Start", "IsRecording", "End",
		"Meter", "Int64ObservableCounter", "RegisterCallback", "Float64Histogram", "histogram.Enabled", "Record",
		"Logger", "logger.Enabled", "Emit",
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			rec := telemetrytest.New(t)
			e := newEngine(newKind(), "checkout",
				telemetry.WithTracerProvider(panickingTracers{at: at, inner: rec.TracerProvider()}),
				telemetry.WithMeterProvider(panickingMeters{at: at, inner: rec.MeterProvider()}),
				telemetry.WithLoggerProvider(panickingLoggers{at: at, inner: rec.LoggerProvider()}),
			)
			ctx, parent := rec.StartSpan(t.Context(), "request")
			use(ctx, e)
			parent.End()
			e.decisions.Store(1)
			rec.Collect()
			e.Close()
		})
	}
}

// use does all an engine does with its telemetry.
func use(ctx context.Context, e *engine) {
	waits := e.Durations(flowconv.LimiterWaitDuration, checkout)
	started, span := e.scope.Start(ctx, "wait checkout", checkout)
	_ = span.Recording()
	span.Set(checkout)
	waits.Record(started, 1, nil)
	waits.Record(started, 1, errors.New("failed"))
	span.End(errors.New("failed"))
	e.scope.Event(started, 9, flowconv.EventLimiterQuotaChange, "changed", checkout)
}

func TestWhatDoesNotPanicIsStillReported(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	opts := append(rec.Options(), telemetry.WithTracerProvider(panickingTracers{at: "Start", inner: rec.TracerProvider()}))
	e := newEngine(newKind(), "checkout", opts...)
	ctx, parent := rec.StartSpan(t.Context(), "request")
	use(ctx, e)
	parent.End()
	rec.RequireCount("goflow.limiter.wait.duration", 2)
	rec.RequireEvent(flowconv.EventLimiterQuotaChange)
	rec.RequireNoSpan("wait checkout")
}
