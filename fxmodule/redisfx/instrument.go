package redisfx

import (
	"context"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/fx"
)

// instrument lets a client report, with what costs little of redisotel: no keys, no values, no stack to
// walk. Metrics begin with the application and end with it, since they need a goroutine.
func instrument(client redis.UniversalClient, p Params) error {
	tracers := p.Providers.Tracers
	if tracers == nil {
		tracers = otel.GetTracerProvider()
	}
	if err := redisotel.InstrumentTracing(client,
		redisotel.WithTracerProvider(underParent{tracers: tracers}),
		redisotel.WithDBStatement(false),
		redisotel.WithCallerEnabled(false),
	); err != nil {
		return err
	}
	meters := p.Providers.Meters
	if meters == nil {
		meters = otel.GetMeterProvider()
	}
	end := make(chan struct{})
	p.Lifecycle.Append(fx.StartStopHook(func() error {
		return redisotel.InstrumentMetrics(client,
			redisotel.WithMeterProvider(meters),
			redisotel.WithSemConvCompliantMetrics(true),
			redisotel.WithCloseChan(end),
		)
	}, func() { close(end) }))
	return nil
}

// underParent makes spans under a recording parent only, as engines do: heartbeats would otherwise be a
// trace of their own each second.
type underParent struct {
	embedded.TracerProvider

	tracers trace.TracerProvider
}

func (p underParent) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	return childTracer{tracer: p.tracers.Tracer(name, opts...)}
}

type childTracer struct {
	embedded.Tracer

	tracer trace.Tracer
}

func (t childTracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, noop.Span{}
	}
	return t.tracer.Start(ctx, name, opts...)
}
