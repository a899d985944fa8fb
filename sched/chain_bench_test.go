package sched_test

import (
	"context"
	"testing"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// doNothing is a task.
func doNothing(context.Context) error { return nil }

func BenchmarkChain(b *testing.B) {
	steps := []sched.Step{{Name: "a", Do: doNothing, Undo: doNothing}, {Name: "b", Do: doNothing, Undo: doNothing}, {Name: "c", Do: doNothing}}
	failing := []sched.Step{steps[0], steps[1], {Name: "c", Do: func(context.Context) error { return errStep }}}
	b.Run("3 steps", func(b *testing.B) { run(b, newChain(b, sched.ChainConfig{}, steps).Run) })
	b.Run("3 steps/metered", func(b *testing.B) {
		run(b, newChain(b, sched.ChainConfig{}, steps, sched.WithTelemetry(telemetrytest.New(b).Options()...)).Run)
	})
	b.Run("3 steps, 2 undone", func(b *testing.B) { run(b, newChain(b, sched.ChainConfig{}, failing).Run) })
}

func BenchmarkBatch(b *testing.B) {
	tasks := make([]core.Task, 100)
	for i := range tasks {
		tasks[i] = doNothing
	}
	b.Run("100 tasks, 4 at a time", func(b *testing.B) { run(b, sched.Batch(4, tasks...)) })
}

func run(b *testing.B, task core.Task) {
	b.Helper()
	b.ReportAllocs()
	ctx := context.Background()
	for b.Loop() {
		_ = task(ctx)
	}
}
