package sched_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry"
)

// under are the two ways a scheduler is measured: bare, and as an application has it.
func under() map[string]sched.Option {
	return map[string]sched.Option{
		"bare": sched.WithTelemetry(telemetry.WithMeterProvider(metricnoop.NewMeterProvider()), telemetry.WithTracerProvider(tracenoop.NewTracerProvider())),
		"metered": sched.WithTelemetry(
			telemetry.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))),
			telemetry.WithTracerProvider(sdktrace.NewTracerProvider())),
	}
}

func BenchmarkSchedulerAfterAndStop(b *testing.B) {
	for name, opt := range under() {
		b.Run(name, func(b *testing.B) {
			s := newScheduler(b, sched.Config{}, opt)
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				t, err := s.After(ctx, time.Hour, well)
				if err != nil || !t.Stop() {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSchedulerScheduleAndCancel(b *testing.B) {
	for name, opt := range under() {
		for _, n := range []int{1000, 50_000} {
			b.Run(fmt.Sprintf("%s/jobs=%d", name, n), func(b *testing.B) {
				s := newScheduler(b, sched.Config{}, opt)
				ctx := context.Background()
				for i := range n {
					if _, err := s.Schedule(ctx, fmt.Sprint("job ", i), sched.After(time.Hour), well); err != nil {
						b.Fatal(err)
					}
				}
				at := time.Now().Add(time.Hour)
				b.ReportAllocs()
				for b.Loop() {
					j, err := s.Schedule(ctx, "report", sched.At(at), well)
					if err != nil || !j.Cancel() {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkSchedulerRun(b *testing.B) {
	for name, opt := range under() {
		b.Run(name, func(b *testing.B) {
			s := newScheduler(b, sched.Config{}, opt)
			done := make(chan struct{}, 1)
			ctx := context.Background()
			j, err := s.Schedule(ctx, "report", sched.Every(24*time.Hour), func(context.Context) error {
				done <- struct{}{}
				return nil
			}, sched.WithOverlap(sched.Concurrent(100)))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := j.RunNow(ctx); err != nil {
					b.Fatal(err)
				}
				<-done
			}
		})
	}
}
