package telemetry_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

func BenchmarkTraced(b *testing.B) {
	s := telemetry.NewScope(scopeName)
	deep := context.Background()
	for i := range 16 {
		deep = context.WithValue(deep, key(fmt.Sprint(i)), i)
	}
	for name, ctx := range map[string]context.Context{"background": context.Background(), "16 deep": deep} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = s.Traced(ctx)
			}
		})
	}
}

func BenchmarkCollect(b *testing.B) {
	for name, n := range map[string]int{"1 instance": 1, "1000 instances": 1000} {
		b.Run(name, func(b *testing.B) {
			reader := sdkmetric.NewManualReader()
			p := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
			kind := newKind()
			for range n {
				newEngine(kind, "checkout", telemetry.WithMeterProvider(p))
			}
			var rm metricdata.ResourceMetrics
			b.ReportAllocs()
			for b.Loop() {
				_ = reader.Collect(context.Background(), &rm)
			}
		})
	}
}

func BenchmarkDurationsRecord(b *testing.B) {
	p := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	for name, opts := range map[string][]telemetry.Option{"no SDK": nil, "SDK": {telemetry.WithMeterProvider(p)}} {
		b.Run(name, func(b *testing.B) {
			d := newEngine(newKind(), "checkout", opts...).Durations(flowconv.LimiterWaitDuration, checkout)
			b.ReportAllocs()
			for b.Loop() {
				d.Record(context.Background(), time.Millisecond, nil)
			}
		})
	}
}
