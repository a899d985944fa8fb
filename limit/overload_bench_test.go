package limit_test

import (
	"context"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/saturation"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func BenchmarkOverload(b *testing.B) {
	ctx := limit.WithImportance(context.Background(), limit.Sheddable)
	for _, c := range []struct {
		name string
		opts []limit.Option
	}{
		{"bare", nil},
		{"metered", []limit.Option{limit.WithTelemetry(telemetrytest.New(b).Options()...)}},
	} {
		for _, p := range []struct {
			name   string
			sample saturation.Sample
		}{{"healthy", saturation.Sample{}}, {"refusing", saturation.Sample{SchedLatencyP99: time.Second}}} {
			b.Run(c.name+"/"+p.name, func(b *testing.B) {
				o, r := newOverload(b, limit.OverloadConfig{Interval: 10 * time.Millisecond}, c.opts...)
				r.be(p.sample)
				<-time.After(time.Second)
				b.ReportAllocs()
				b.ResetTimer()
				for b.Loop() {
					if t, err := o.Admit(ctx); err == nil {
						o.Done(t, nil)
					}
				}
			})
		}
	}
}
