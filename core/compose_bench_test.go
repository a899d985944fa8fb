package core_test

import (
	"context"
	"testing"

	"github.com/goflow-go/goflow/core"
)

func BenchmarkThreeAdmitters(b *testing.B) {
	ctx := context.Background()
	var runs int
	task := func(context.Context) error { runs++; return nil }
	list := frees(3)

	b.Run("composed", func(b *testing.B) {
		b.ReportAllocs()
		p := core.Compose(list...)
		for b.Loop() {
			_ = p.Do(ctx, task)
		}
	})
	b.Run("called", func(b *testing.B) {
		b.ReportAllocs()
		p := core.Compose(list...)
		f := func(context.Context) (int, error) { return runs, nil }
		for b.Loop() {
			_, _ = core.Call(ctx, p, f)
		}
	})
	b.Run("nested", func(b *testing.B) {
		b.ReportAllocs()
		first, second, third := list[0], list[1], list[2]
		for b.Loop() {
			_ = first.Do(ctx, func(ctx context.Context) error {
				return second.Do(ctx, func(ctx context.Context) error { return third.Do(ctx, task) })
			})
		}
	})
}
