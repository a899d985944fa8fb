package otelsdk

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
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
	exp, err := newExporters(ctx)
	if err != nil {
		return nil, err
	}
	res := newResource(ctx, cfg)
	s.setTraces(res, exp.spans, o.traces)
	s.setLogs(res, exp.logs, o.logs)
	if err := s.setMetrics(cfg, res, exp.metrics, o.metrics); err != nil {
		return nil, errors.Join(err, s.Shutdown(ctx))
	}
	return s, nil
}

func (s *SDK) setTraces(res *resource.Resource, exporter sdktrace.SpanExporter, opts []sdktrace.TracerProviderOption) {
	opts = append(opts, sdktrace.WithResource(res))
	if exporter != nil {
		opts = append(opts, sdktrace.WithBatcher(endingExporter{exporter, s.ended}))
	}
	p := sdktrace.NewTracerProvider(opts...)
	s.tracers = p
	s.parts = append(s.parts, p)
}

func (s *SDK) setLogs(res *resource.Resource, exporter sdklog.Exporter, opts []sdklog.LoggerProviderOption) {
	opts = append(opts, sdklog.WithResource(res))
	if exporter != nil {
		opts = append(opts, sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
	}
	p := sdklog.NewLoggerProvider(opts...)
	s.loggers = p
	s.parts = append(s.parts, p)
}

func (s *SDK) setMetrics(cfg Config, res *resource.Resource, reader sdkmetric.Reader, opts []sdkmetric.Option) error {
	opts = append(opts, sdkmetric.WithResource(res))
	if reader != nil {
		opts = append(opts, sdkmetric.WithReader(reader))
	}
	if cfg.CardinalityLimit > 0 {
		opts = append(opts, sdkmetric.WithCardinalityLimit(cfg.CardinalityLimit))
	}
	var err error
	if !cfg.DisablePrometheus {
		var exporter sdkmetric.Reader
		if exporter, err = newPrometheus(s.registry, !cfg.DisableRuntimeMetrics); err == nil {
			opts = append(opts, sdkmetric.WithReader(exporter))
		}
	}
	p := sdkmetric.NewMeterProvider(opts...)
	s.meters = p
	s.parts = append(s.parts, p)
	if err == nil && !cfg.DisableRuntimeMetrics {
		err = runtime.Start(runtime.WithMeterProvider(p))
	}
	if err != nil {
		return fmt.Errorf("otelsdk: metrics: %w", err)
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
	return promexporter.New(opts...)
}
