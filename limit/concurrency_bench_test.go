package limit_test

import (
	"context"
	"testing"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func BenchmarkConcurrency(b *testing.B) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		opts []limit.Option
	}{
		{"bare", nil},
		{"metered", []limit.Option{limit.WithTelemetry(telemetrytest.New(b).Options()...)}},
	} {
		roomy := newConcurrency(b, limit.ConcurrencyConfig{Limit: 100}, c.opts...)
		full := newConcurrency(b, limit.ConcurrencyConfig{Limit: 1}, c.opts...)
		full.TryAcquire(ctx, 1)
		tight := newConcurrency(b, limit.ConcurrencyConfig{Limit: 1}, c.opts...)
		for _, op := range []struct {
			name string
			do   func()
		}{
			{"acquire+release", func() { _ = roomy.Acquire(ctx, 1); roomy.Release(1) }},
			{"try+release", func() { roomy.TryAcquire(ctx, 1); roomy.Release(1) }},
			{"denied", func() { full.TryAcquire(ctx, 1) }},
			{"one permit", func() { _ = tight.Acquire(ctx, 1); tight.Release(1) }},
		} {
			b.Run(c.name+"/"+op.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					op.do()
				}
			})
			b.Run(c.name+"/"+op.name+"/parallel", func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						op.do()
					}
				})
			})
		}
	}
}
