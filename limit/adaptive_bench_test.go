package limit_test

import (
	"context"
	"testing"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func BenchmarkAdaptive(b *testing.B) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		opts []limit.Option
	}{
		{"bare", nil},
		{"metered", []limit.Option{limit.WithTelemetry(telemetrytest.New(b).Options()...)}},
	} {
		a := newAdaptive(b, limit.AdaptiveConfig{}, c.opts...)
		full := newAdaptive(b, limit.AdaptiveConfig{Max: 1}, c.opts...)
		_, _ = full.Admit(ctx)
		b.Run(c.name+"/admit+done", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				t, _ := a.Admit(ctx)
				a.Done(t, nil)
			}
		})
		b.Run(c.name+"/admit+done/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					t, _ := a.Admit(ctx)
					a.Done(t, nil)
				}
			})
		})
		b.Run(c.name+"/denied", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = full.Admit(ctx)
			}
		})
	}
}
