package otelsdk

import (
	"context"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/contrib/propagators/autoprop"
	promexporter "go.opentelemetry.io/otel/exporters/prometheus"
	lognoop "go.opentelemetry.io/otel/log/noop"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/core"
)

// Setup makes the SDK. It reads the environment once, starts what exports, and touches no global
// state. It connects to nothing: an exporter whose collector is away keeps trying in the background.
// The error names every field of cfg and every variable that is wrong, and matches
// [core.ErrInvalid]; nothing is left running then.
func Setup(ctx context.Context, cfg Config, opts ...Option) (*SDK, error) {
	var faults core.Faults
	cfg.check(&faults)
	checkEnv(&faults)
	if err := core.Configure("otelsdk", "Setup", faults.Err()); err != nil {
		return nil, err
	}
	s := &SDK{registry: prometheus.NewRegistry(), propagator: autoprop.NewTextMapPropagator(), ended: make(chan struct{})}
	if oneOf("true")(env("OTEL_SDK_DISABLED")) {
		s.tracers, s.meters, s.loggers = tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider(), lognoop.NewLoggerProvider()
		return s, nil
	}
	var o options
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	if err := s.build(ctx, cfg, o); err != nil {
		_ = s.Shutdown(ctx)
		return nil, err
	}
	return s, nil
}

func (s *SDK) build(ctx context.Context, cfg Config, o options) error {
	res := newResource(ctx, cfg)
	if err := s.buildTraces(ctx, res, o.traces); err != nil {
		return err
	}
	if err := s.buildMetrics(ctx, cfg, res, o.metrics); err != nil {
		return err
	}
	return s.buildLogs(ctx, res, o.logs)
}

func (s *SDK) buildTraces(ctx context.Context, res *resource.Resource, opts []sdktrace.TracerProviderOption) error {
	opts = append(opts, sdktrace.WithResource(res))
	if exports("TRACES") {
		exporter, err := autoexport.NewSpanExporter(ctx)
		if err != nil {
			return exporterFault("OTEL_TRACES_EXPORTER", err)
		}
		if !autoexport.IsNoneSpanExporter(exporter) {
			opts = append(opts, sdktrace.WithBatcher(endingExporter{exporter, s.ended}))
		}
	}
	p := sdktrace.NewTracerProvider(opts...)
	s.tracers = p
	s.parts = append(s.parts, p)
	return nil
}

func (s *SDK) buildMetrics(ctx context.Context, cfg Config, res *resource.Resource, opts []sdkmetric.Option) error {
	opts = append(opts, sdkmetric.WithResource(res))
	if cfg.CardinalityLimit > 0 {
		opts = append(opts, sdkmetric.WithCardinalityLimit(cfg.CardinalityLimit))
	}
	if !cfg.DisablePrometheus {
		exporter, err := newPrometheus(s.registry, !cfg.DisableRuntimeMetrics)
		if err != nil {
			return err
		}
		opts = append(opts, sdkmetric.WithReader(exporter))
	}
	if exports("METRICS") {
		reader, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return exporterFault("OTEL_METRICS_EXPORTER", err)
		}
		if !autoexport.IsNoneMetricReader(reader) {
			opts = append(opts, sdkmetric.WithReader(reader))
		}
	}
	p := sdkmetric.NewMeterProvider(opts...)
	s.meters = p
	s.parts = append(s.parts, p)
	if cfg.DisableRuntimeMetrics {
		return nil
	}
	if err := runtime.Start(runtime.WithMeterProvider(p)); err != nil {
		return fmt.Errorf("otelsdk: runtime metrics: %w", err)
	}
	return nil
}

// newPrometheus makes the reader behind [SDK.MetricsHandler]. The runtime's producer adds what
// instruments cannot express: the histogram go.schedule.duration.
func newPrometheus(registry *prometheus.Registry, withRuntime bool) (*promexporter.Exporter, error) {
	opts := []promexporter.Option{promexporter.WithRegisterer(registry)}
	if withRuntime {
		opts = append(opts, promexporter.WithProducer(runtime.NewProducer()))
	}
	exporter, err := promexporter.New(opts...)
	if err != nil {
		return nil, fmt.Errorf("otelsdk: prometheus exporter: %w", err)
	}
	return exporter, nil
}

func (s *SDK) buildLogs(ctx context.Context, res *resource.Resource, opts []sdklog.LoggerProviderOption) error {
	opts = append(opts, sdklog.WithResource(res))
	if exports("LOGS") {
		exporter, err := autoexport.NewLogExporter(ctx)
		if err != nil {
			return exporterFault("OTEL_LOGS_EXPORTER", err)
		}
		if !autoexport.IsNoneLogExporter(exporter) {
			opts = append(opts, sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
		}
	}
	p := sdklog.NewLoggerProvider(opts...)
	s.loggers = p
	s.parts = append(s.parts, p)
	return nil
}

// exporterFault names the variable that chose an exporter which cannot be made. Exporters may be
// registered with autoexport by others, so that only making one tells.
func exporterFault(variable string, err error) error {
	fault := &core.Fault{Field: variable, Value: os.Getenv(variable), Want: fmt.Sprintf("must be an exporter that works (%v)", err)}
	return core.Configure("otelsdk", "Setup", fault)
}
