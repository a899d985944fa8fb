package telemetryfx_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/telemetryfx"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// providers is what an application takes of the module.
type providers struct {
	fx.In

	SDK        *otelsdk.SDK
	Tracers    trace.TracerProvider
	Meters     metric.MeterProvider
	Loggers    log.LoggerProvider
	Propagator propagation.TextMapPropagator
}

func app(opts ...fx.Option) (*fx.App, *providers) {
	var p providers
	return fx.New(fx.NopLogger, telemetryfx.Module, fx.Options(opts...), fx.Invoke(func(in providers) { p = in })), &p
}

func start(t *testing.T, a *fx.App) {
	t.Helper()
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func stop(t *testing.T, a *fx.App) {
	t.Helper()
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// logs is a log processor that keeps the bodies.
type logs struct{ bodies []string }

func (l *logs) OnEmit(_ context.Context, r *sdklog.Record) error {
	l.bodies = append(l.bodies, r.Body().AsString())
	return nil
}
func (l *logs) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (l *logs) Shutdown(context.Context) error                         { return nil }
func (l *logs) ForceFlush(context.Context) error                       { return nil }

func TestTheProvidersInTheGraphAreTheSDKs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, p := app()
		if err := a.Err(); err != nil {
			t.Fatal(err)
		}
		if p.Tracers != p.SDK.TracerProvider() || p.Meters != p.SDK.MeterProvider() || p.Loggers != p.SDK.LoggerProvider() {
			t.Error("a provider is not the SDK's")
		}
		if got := strings.Join(p.Propagator.Fields(), " "); !strings.Contains(got, "traceparent") {
			t.Errorf("the propagator carries %q", got)
		}
		start(t, a)
		stop(t, a)
	})
}

func TestWhatIsAddedReachesTheSDK(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		spans, reader, records := tracetest.NewSpanRecorder(), sdkmetric.NewManualReader(), &logs{}
		rename := sdkmetric.NewView(sdkmetric.Instrument{Name: "old"}, sdkmetric.Stream{Name: "new"})
		a, p := app(
			telemetryfx.AsSpanProcessor(func() *tracetest.SpanRecorder { return spans }),
			telemetryfx.AsReader(func() *sdkmetric.ManualReader { return reader }),
			telemetryfx.AsLogProcessor(func() *logs { return records }),
			telemetryfx.AsView(rename),
			fx.Supply(otelsdk.Config{ServiceName: "shop", DisableRuntimeMetrics: true}),
		)
		start(t, a)
		_, span := p.Tracers.Tracer("test").Start(t.Context(), "work")
		span.End()
		counter, err := p.Meters.Meter("test").Int64Counter("old")
		if err != nil {
			t.Fatal(err)
		}
		counter.Add(t.Context(), 1)
		var record log.Record
		record.SetBody(attribute.StringValue("said"))
		p.Loggers.Logger("test").Emit(t.Context(), record)

		if ended := spans.Ended(); len(ended) != 1 || ended[0].Name() != "work" {
			t.Errorf("spans = %v", ended)
		} else if name, _ := ended[0].Resource().Set().Value(attribute.Key("service.name")); name.AsString() != "shop" {
			t.Errorf("service.name = %q, want that of the config", name.AsString())
		}
		var rm metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &rm); err != nil {
			t.Fatal(err)
		}
		if len(rm.ScopeMetrics) != 1 || rm.ScopeMetrics[0].Metrics[0].Name != "new" {
			t.Errorf("metrics = %v, want the one the view renamed", rm.ScopeMetrics)
		}
		if len(records.bodies) != 1 || records.bodies[0] != "said" {
			t.Errorf("log records = %q", records.bodies)
		}
		stop(t, a)
	})
}

func TestAWrongTypeIsAnErrorOfTheApplication(t *testing.T) {
	t.Parallel()
	wrong := func() time.Duration { return 0 }
	for name, opt := range map[string]fx.Option{
		"AsSpanProcessor": telemetryfx.AsSpanProcessor(wrong),
		"AsReader":        telemetryfx.AsReader(wrong),
		"AsLogProcessor":  telemetryfx.AsLogProcessor(wrong),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := fx.ValidateApp(fx.NopLogger, telemetryfx.Module, opt); err == nil || !strings.Contains(err.Error(), "time.Duration does not implement") {
				t.Errorf("ValidateApp = %v", err)
			}
		})
	}
}

func TestABadConfigIsAnErrorThatNamesTheField(t *testing.T) {
	t.Parallel()
	a, _ := app(fx.Supply(otelsdk.Config{CardinalityLimit: -1}))
	if err := a.Err(); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "CardinalityLimit must not be negative") {
		t.Errorf("Err = %v", err)
	}
}

// processor is a span processor whose shutdown is set by each test.
type processor struct {
	sdktrace.SpanProcessor
	shutdown func(ctx context.Context) error
}

func (p processor) Shutdown(ctx context.Context) error { return p.shutdown(ctx) }

func TestStopIsBoundedAndNeverFailsForTheSDK(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shutdown func(ctx context.Context) error
		budget   time.Duration
		want     time.Duration
	}{
		"a flush that fails":                {func(context.Context) error { return errors.New("boom") }, 30 * time.Second, 0},
		"a flush that hangs has 5 s":        {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 30 * time.Second, 5 * time.Second},
		"or half of what is left when less": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 4 * time.Second, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, _ := app(telemetryfx.AsSpanProcessor(func() processor {
					return processor{tracetest.NewSpanRecorder(), c.shutdown}
				}))
				start(t, a)
				ctx, cancel := context.WithTimeout(t.Context(), c.budget)
				defer cancel()
				begin := time.Now()
				if err := a.Stop(ctx); err != nil {
					t.Errorf("Stop = %v", err)
				}
				if took := time.Since(begin); took != c.want {
					t.Errorf("Stop took %v, want %v", took, c.want)
				}
			})
		})
	}
}

func TestTelemetryOfStopHooksComesBeforeTheSDKsShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		spans := tracetest.NewSpanRecorder()
		ended := -1 // spans, when the SDK was shut down
		a, _ := app(
			telemetryfx.AsSpanProcessor(func() processor {
				return processor{spans, func(context.Context) error { ended = len(spans.Ended()); return nil }}
			}),
			fx.Invoke(func(lc fx.Lifecycle, tracers trace.TracerProvider) {
				lc.Append(fx.StopHook(func(ctx context.Context) {
					_, span := tracers.Tracer("test").Start(ctx, "stop")
					span.End()
				}))
			}),
		)
		start(t, a)
		stop(t, a)
		if ended != 1 {
			t.Errorf("%d spans had ended at the shutdown, want that of the stop hook", ended)
		}
	})
}
