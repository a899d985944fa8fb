package limit_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func BenchmarkThrottle(b *testing.B) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		opts []limit.Option
	}{
		{"bare", nil},
		{"metered", []limit.Option{limit.WithTelemetry(telemetrytest.New(b).Options()...)}},
	} {
		passing := newThrottle(b, limit.ThrottleConfig{}, c.opts...)
		rejecting := newThrottle(b, limit.ThrottleConfig{}, c.opts...)
		rejecting.Force(0.5, rand.Float64)
		for _, p := range []struct {
			name     string
			throttle *limit.Throttle
		}{{"admit+done", passing}, {"half denied", rejecting}} {
			b.Run(c.name+"/"+p.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if t, err := p.throttle.Admit(ctx); err == nil {
						p.throttle.Done(t, nil)
					}
				}
			})
		}
	}
}
