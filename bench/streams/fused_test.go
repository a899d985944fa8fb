package streams_test

import (
	"context"
	"slices"
	"testing"

	"github.com/BooleanCat/go-functional/v2/it"
	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/samber/lo"
	loit "github.com/samber/lo/it"
	"github.com/samber/ro"

	"github.com/goflow-go/goflow/streams"
)

// fused map, filter and fold in one goroutine, or in one for each step.
var fused = []flow{
	{"goflow-metered", goflowFused(named[int])},
	{"goflow", goflowFused(plain[int])},
	{"loop", func(_ testing.TB, items []int) (t total) {
		for _, v := range items {
			if v = addOne(v); notThird(v) {
				t.sum = sum(t.sum, v)
			}
		}
		return t
	}},
	{"go-functional", func(_ testing.TB, items []int) total {
		return total{sum: it.Fold(it.Filter(it.Map(slices.Values(items), addOne), notThird), sum, 0)}
	}},
	{"lo-it", func(_ testing.TB, items []int) total {
		return total{sum: loit.Reduce(loit.Filter(loit.Map(slices.Values(items), addOne), notThird), sum, 0)}
	}},
	{"lo", func(_ testing.TB, items []int) total {
		return total{sum: lo.Reduce(lo.Filter(lo.Map(items, addOneIndex), notThirdIndex), sumIndex, 0)}
	}},
	{"ro", roFused},
	{"rill", rillFused},
	{"channel", channelFused},
	{"rxgo", rxgoFused},
}

// BenchmarkMapFilterSum maps, filters and folds the items of a slice.
func BenchmarkMapFilterSum(b *testing.B) {
	items := numbers(many)
	b.Run("slice", func(b *testing.B) { measure(b, fused, items, wantFused(items)) })
}

func TestFusedStepsAgree(t *testing.T) {
	t.Parallel()
	items := numbers(10_000)
	agree(t, fused, items, wantFused(items))
}

func wantFused(items []int) (t total) {
	for _, v := range items {
		if (v+1)%3 != 0 {
			t.sum += v + 1
		}
	}
	return t
}

func goflowFused(as func(streams.Stream[int]) streams.Stream[int]) func(testing.TB, []int) total {
	return func(tb testing.TB, items []int) total {
		tb.Helper()
		return reducing(tb, streams.Map(as(streams.FromSlice(items)), addOneContext).Filter(notThird), sum)
	}
}

func roFused(tb testing.TB, items []int) total {
	tb.Helper()
	got, err := ro.Collect(ro.Pipe3(ro.FromSlice(items), ro.MapErr(addOneErr), ro.Filter(notThird), ro.Reduce(sum, 0)))
	must(tb, err)
	return total{sum: got[len(got)-1]}
}

func rillFused(tb testing.TB, items []int) total {
	tb.Helper()
	kept := rill.Filter(rill.Map(rill.FromSlice(items, nil), 1, addOneErr), 1, notThirdErr)
	got, _, err := rill.Reduce(kept, 1, sumErr)
	must(tb, err)
	return total{sum: got}
}

// channelFused is what people write without a library: a goroutine for each step, and channels that hold
// 128 items between them.
func channelFused(_ testing.TB, items []int) (t total) {
	mapped, kept := make(chan int, 128), make(chan int, 128)
	go func() {
		defer close(mapped)
		for _, v := range items {
			mapped <- addOne(v)
		}
	}()
	go func() {
		defer close(kept)
		for v := range mapped {
			if notThird(v) {
				kept <- v
			}
		}
	}()
	for v := range kept {
		t.sum = sum(t.sum, v)
	}
	return t
}

func rxgoFused(tb testing.TB, items []int) total {
	tb.Helper()
	source := rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
		for _, v := range items {
			next <- rxgo.Of(v)
		}
	}})
	got, err := source.Map(addOneAny).Filter(notThirdAny).Reduce(sumAny).Get()
	must(tb, err)
	return total{sum: got.V.(int)}
}
