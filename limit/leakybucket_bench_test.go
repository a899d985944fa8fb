package limit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
)

// benchmarkTake measures Allow and Take of a limiter that allows, or denies, bare and metered.
func benchmarkTake(b *testing.B, make func(b *testing.B, plenty bool, opt limit.Option) asker) {
	b.Helper()
	ctx := context.Background()
	for _, telemetry := range []struct {
		name string
		opt  limit.Option
	}{
		{"bare", limit.WithTelemetry(
			telemetry.WithMeterProvider(metricnoop.NewMeterProvider()),
			telemetry.WithTracerProvider(tracenoop.NewTracerProvider()))},
		{"metered", limit.WithTelemetry(
			telemetry.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))))},
	} {
		for _, plenty := range []bool{true, false} {
			l := make(b, plenty, telemetry.opt)
			for l.Allow(ctx) && !plenty {
			}
			name := map[bool]string{true: "allowed", false: "denied"}[plenty] + "/" + telemetry.name
			b.Run("allow/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					l.Allow(ctx)
				}
			})
			b.Run("take/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, _ = l.Take(ctx, 1)
				}
			})
			b.Run("allow-parallel/"+name, func(b *testing.B) {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						l.Allow(ctx)
					}
				})
			})
		}
	}
}

// asker is what these limiters have in common.
type asker interface {
	AllowN(ctx context.Context, n int) bool
	limit.Limiter
	Allow(ctx context.Context) bool
}

func BenchmarkLeakyBucket(b *testing.B) {
	benchmarkTake(b, func(b *testing.B, plenty bool, opt limit.Option) asker {
		b.Helper()
		rate := limit.PerHour(1)
		if plenty {
			rate = limit.PerSecond(1e9)
		}
		l, err := limit.NewLeakyBucket("bench", limit.LeakyBucketConfig{Rate: rate}, opt)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(l.Close)
		return l
	})
}

// BenchmarkLeakyBucketPace lets one goroutine wait for permit after permit, for a second.
func BenchmarkLeakyBucketPace(b *testing.B) {
	ctx := context.Background()
	for _, rate := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("rate=%d", rate), func(b *testing.B) {
			l, err := limit.NewLeakyBucket("bench", limit.LeakyBucketConfig{Rate: limit.PerSecond(float64(rate))})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(l.Close)
			for b.Loop() {
				began, n := time.Now(), 0
				for ; time.Since(began) < time.Second; n++ {
					if err := l.Wait(ctx); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n)/time.Since(began).Seconds()/float64(rate), "achieved/asked")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
