package sched_test

import (
	"context"
	"testing"

	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// threeStages do nothing.
func threeStages() sched.Stages[*int, *int] {
	cfg := sched.StageConfig{Workers: 2, Queue: 64}
	pass := func(_ context.Context, n *int) (*int, error) { return n, nil }
	return sched.Then(sched.Then(sched.NewStage("a", cfg, pass), "b", cfg, pass), "c", cfg, pass)
}

func BenchmarkPipeline(b *testing.B) {
	for name, opts := range map[string][]sched.Option{
		"bare": nil, "metered": {sched.WithTelemetry(telemetrytest.New(b).Options()...)},
	} {
		p := newPipeline(b, sched.PipelineConfig{}, threeStages(), opts...)
		ctx, n := context.Background(), new(int)
		b.Run("Process, 3 stages/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = p.Process(ctx, n)
			}
		})
		b.Run("All, 3 stages/"+name, func(b *testing.B) {
			b.ReportAllocs()
			seq := func(yield func(*int) bool) {
				for b.Loop() && yield(n) {
				}
			}
			exhaust(p.All(ctx, seq))
		})
	}
}

func TestAnItemCostsFewAllocations(t *testing.T) {
	p := newPipeline(t, sched.PipelineConfig{}, threeStages())
	ctx, n := context.Background(), new(int)
	most := 5.0 // the item, its result and its channel, what tells of it
	if got := testing.AllocsPerRun(200, func() { _, _ = p.Process(ctx, n) }); got > most {
		t.Errorf("%v allocations for an item of three stages, want at most %v", got, most)
	}
	ended, cancel := context.WithCancel(ctx)
	defer cancel()
	most += 3 // how each stage runs it: with the context of the caller
	if got := testing.AllocsPerRun(200, func() { _, _ = p.Process(ended, n) }); got > most {
		t.Errorf("%v allocations under a context, want at most %v", got, most)
	}
}
