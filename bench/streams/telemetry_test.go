package streams_test

import (
	"context"
	"testing"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/streams"
)

// observed are the same steps under each kind of telemetry.
var observed = []flow{
	{"goflow", func(tb testing.TB, items []int) total { return storing(tb, batches(streams.FromSlice(items))) }},
	{"goflow-metered", func(tb testing.TB, items []int) total {
		return storing(tb, batches(named(streams.FromSlice(items))))
	}},
	{"goflow-batch-span", func(tb testing.TB, items []int) (t total) {
		tb.Helper()
		tracer := side.Tracing().Tracer("bench")
		err := batches(named(streams.FromSlice(items))).ForEach(context.Background(),
			func(ctx context.Context, batch []int) error {
				_, span := tracer.Start(ctx, "store")
				defer span.End()
				t.store(batch)
				return nil
			})
		must(tb, err)
		return t
	}},
}

func batches(s streams.Stream[int]) streams.Stream[[]int] {
	return streams.Batch(streams.Map(s, addOneContext).Filter(notThird), batch, 0)
}

// BenchmarkTelemetry maps, filters and batches, and makes a span of each batch or not.
func BenchmarkTelemetry(b *testing.B) {
	items := numbers(many)
	b.Run("batches", func(b *testing.B) { measure(b, observed, items, wantObserved(items)) })
}

func TestTelemetryChangesNothing(t *testing.T) {
	t.Parallel()
	items := numbers(10_000)
	agree(t, observed, items, wantObserved(items))
}

func wantObserved(items []int) (t total) {
	for _, v := range items {
		if (v+1)%3 != 0 {
			t.store([]int{v + 1})
		}
	}
	return t
}
