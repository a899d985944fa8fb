package resilience_test

import (
	"context"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

func BenchmarkBreaker(b *testing.B) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		cfg  resilience.BreakerConfig
		task core.Task
	}{
		{name: "success", task: well},
		{name: "success, slow calls timed", cfg: resilience.BreakerConfig{SlowCall: time.Second}, task: well},
		{name: "success, consecutive", cfg: resilience.BreakerConfig{Consecutive: 5}, task: well},
		{name: "failure", cfg: resilience.BreakerConfig{MinCalls: 1 << 60}, task: badly},
		{name: "rejected", task: badly},
	} {
		breaker := newBreaker(b, c.cfg)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = breaker.Do(ctx, c.task)
			}
		})
	}
	breaker := newBreaker(b, resilience.BreakerConfig{})
	b.Run("success/bare", func(b *testing.B) { // what the task alone costs
		for b.Loop() {
			_ = well(ctx)
		}
	})
	b.Run("success/admit and done", func(b *testing.B) {
		for b.Loop() {
			t, _ := breaker.Admit(ctx)
			breaker.Done(t, nil)
		}
	})
	b.Run("success/parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_ = breaker.Do(ctx, well)
			}
		})
	})
}

// free admits everything.
type free struct{}

func (free) Admit(context.Context) (core.Ticket, error)     { return core.Ticket{}, nil }
func (free) Done(core.Ticket, error)                        {}
func (f free) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, f, task) }

func BenchmarkAdmitters(b *testing.B) { // a limit, a breaker and a bulkhead around a call; only the breaker is real
	ctx := context.Background()
	p := core.Compose(free{}, newBreaker(b, resilience.BreakerConfig{}), free{})
	f := func(context.Context) (int, error) { return 1, nil }
	b.ReportAllocs()
	for b.Loop() {
		_, _ = core.Call(ctx, p, f)
	}
}

func BenchmarkOthers(b *testing.B) {
	ctx := context.Background()
	fallback, err := resilience.NewFallback("payments", func(_ context.Context, err error) error { return err })
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(fallback.Close)
	for _, c := range []struct {
		name   string
		policy core.Policy
	}{
		{"retry", newRetry(b, resilience.RetryConfig{})},
		{"timeout", newTimeout(b, time.Minute)},
		{"hedge", newHedge(b, resilience.HedgeConfig{After: time.Minute})},
		{"hedge, measuring", newHedge(b, resilience.HedgeConfig{MinSamples: 1_000_000})},
		{"fallback", fallback},
		{"standard", newStandard(b, resilience.StandardConfig{})},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = c.policy.Do(ctx, well)
			}
		})
	}
}
