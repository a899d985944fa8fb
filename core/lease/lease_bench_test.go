package lease_test

import (
	"context"
	"testing"

	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func BenchmarkAcquireRelease(b *testing.B) {
	for _, c := range []struct {
		name string
		opts []lease.Option
	}{
		{"bare", nil},
		{"metered", []lease.Option{lease.WithTelemetry(telemetrytest.New(b).Options()...)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx, l := context.Background(), newLocker(b, lease.NewMemory(), lease.Config{}, c.opts...)
			b.ReportAllocs()
			for b.Loop() {
				release(b, acquire(ctx, b, l, "report"))
			}
		})
	}
}

func BenchmarkLeaseContextErr(b *testing.B) {
	le := acquire(context.Background(), b, newLocker(b, lease.NewMemory(), lease.Config{}), "report")
	defer release(b, le)
	ctx := le.Context()
	for b.Loop() {
		if ctx.Err() != nil {
			b.Fatal("ended")
		}
	}
}
