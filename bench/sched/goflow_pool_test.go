package sched_test

import (
	"context"
	"testing"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry"
)

func metered() sched.Option { return sched.WithTelemetry(side.SDK()...) }

func unmetered() sched.Option {
	return sched.WithTelemetry(
		telemetry.WithMeterProvider(metricnoop.NewMeterProvider()),
		telemetry.WithTracerProvider(tracenoop.NewTracerProvider()))
}

func newGoflowPool(tb testing.TB, opt sched.Option) *sched.Pool {
	tb.Helper()
	p, err := sched.NewPool("bench", sched.PoolConfig{MinWorkers: workers, MaxWorkers: workers, Queue: queue}, opt)
	if err != nil {
		tb.Fatal(err)
	}
	ctx := context.Background()
	tb.Cleanup(func() {
		if err := p.Stop(ctx); err != nil {
			tb.Error(err)
		}
	})
	return p
}

// poolUnder makes a pool with the given telemetry.
func poolUnder(opt func() sched.Option) func(testing.TB, func()) func() bool {
	return func(tb testing.TB, task func()) func() bool {
		tb.Helper()
		return submitting(context.Background(), newGoflowPool(tb, opt()), task)
	}
}

// poolTraced is handed its tasks inside a span that records.
func poolTraced(tb testing.TB, task func()) func() bool {
	tb.Helper()
	ctx, span := side.Tracing().Tracer("bench").Start(context.Background(), "request")
	tb.Cleanup(func() { span.End() })
	return submitting(ctx, newGoflowPool(tb, metered()), task)
}

func submitting(ctx context.Context, p *sched.Pool, task func()) func() bool {
	t := func(context.Context) error {
		task()
		return nil
	}
	return func() bool { return p.Submit(ctx, t) == nil }
}

func futureGoflow(tb testing.TB) func() bool {
	tb.Helper()
	p, ctx := newGoflowPool(tb, metered()), context.Background()
	return newFutures(
		func(n int) *sched.Future[int] {
			return sched.Go(ctx, p, func(context.Context) (int, error) { return n, nil })
		},
		func(f *sched.Future[int]) (int, error) { return f.Wait(ctx) })
}

// BenchmarkTaskTelemetry hands over tasks as BenchmarkPool does, under each kind of telemetry. sdk-span
// is what a span costs without a pool's: channel, with the SDK called in each task.
func BenchmarkTaskTelemetry(b *testing.B) {
	for _, p := range []struct {
		impl string
		make func(tb testing.TB, task func()) func() bool
	}{
		{"goflow-metered", poolUnder(metered)},
		{"goflow-noop", poolUnder(unmetered)},
		{"goflow-recording-parent", poolTraced},
		{"channel", newChannel},
		{"sdk-span", newSpanChannel},
	} {
		b.Run("impl="+p.impl+"/serial", func(b *testing.B) {
			c := newCountdown()
			submitSerial(b, c, p.make(b, c.run))
		})
	}
}

func newSpanChannel(tb testing.TB, task func()) func() bool {
	tb.Helper()
	tracer, ctx := side.Tracing().Tracer("bench"), context.Background()
	return newChannel(tb, func() {
		_, span := tracer.Start(ctx, "execute bench")
		defer span.End()
		task()
	})
}
