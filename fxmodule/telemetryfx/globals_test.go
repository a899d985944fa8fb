package telemetryfx_test

import (
	"context"
	"fmt"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/telemetryfx"
)

// keepGlobals gives a function that puts the process's providers back.
func keepGlobals() (restore func()) {
	tracers, meters, loggers, propagator := otel.GetTracerProvider(), otel.GetMeterProvider(), otel.GetLoggerProvider(), otel.GetTextMapPropagator()
	return func() {
		otel.SetTracerProvider(tracers)
		otel.SetMeterProvider(meters)
		otel.SetLoggerProvider(loggers)
		otel.SetTextMapPropagator(propagator)
	}
}

func TestGlobalsAreSetOnlyWhenAskedFor(t *testing.T) { //nolint:paralleltest // it changes what the process shares
	t.Cleanup(keepGlobals())
	before := otel.GetTracerProvider()
	a, _ := app()
	start(t, a)
	if otel.GetTracerProvider() != before {
		t.Error("the global tracer provider was set unasked")
	}
	stop(t, a)

	a, p := app(telemetryfx.SetGlobals())
	start(t, a)
	if otel.GetTracerProvider() != p.Tracers || otel.GetMeterProvider() != p.Meters || otel.GetLoggerProvider() != p.Loggers {
		t.Error("a global provider is not the application's")
	}
	stop(t, a)
}

func ExampleSetGlobals() {
	defer keepGlobals()()
	var tracers trace.TracerProvider
	app := fx.New(fx.NopLogger, telemetryfx.Module, telemetryfx.SetGlobals(), fx.Populate(&tracers))

	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		panic(err)
	}
	fmt.Println(otel.GetTracerProvider() == tracers)
	if err := app.Stop(ctx); err != nil {
		panic(err)
	}
	// Output: true
}
