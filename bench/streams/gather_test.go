package streams_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/destel/rill"
	"github.com/samber/lo"
	loit "github.com/samber/lo/it"
	"github.com/samber/ro"

	"github.com/goflow-go/goflow/streams"
)

var batchesOfSlice = []flow{
	{"goflow-metered", func(tb testing.TB, items []int) total {
		return storing(tb, streams.Batch(named(streams.FromSlice(items)), batch, patience))
	}},
	{"goflow", func(tb testing.TB, items []int) total {
		return storing(tb, streams.Batch(streams.FromSlice(items), batch, patience))
	}},
	{"ro", func(tb testing.TB, items []int) total { return roBatches(tb, ro.FromSlice(items)) }},
	{"rill", func(tb testing.TB, items []int) total { return rillBatches(tb, rill.FromSlice(items, nil)) }},
	{"lo-no-time", func(_ testing.TB, items []int) (t total) {
		for _, b := range lo.Chunk(items, batch) {
			t.store(b)
		}
		return t
	}},
}

var batchesOfChannel = []flow{
	{"goflow-metered", func(tb testing.TB, items []int) total {
		return storing(tb, streams.Batch(named(streams.FromChannel(pour(items))), batch, patience))
	}},
	{"goflow", func(tb testing.TB, items []int) total {
		return storing(tb, streams.Batch(streams.FromChannel(pour(items)), batch, patience))
	}},
	{"channel-read", channelRead},
	{"lo", func(_ testing.TB, items []int) (t total) {
		in := pour(items)
		for ok := true; ok; {
			var b []int
			b, _, _, ok = lo.BufferWithTimeout(in, batch, patience)
			t.store(b)
		}
		return t
	}},
	{"ro", func(tb testing.TB, items []int) total { return roBatches(tb, ro.FromChannel(pour(items))) }},
	{"rill", func(tb testing.TB, items []int) total { return rillBatches(tb, rill.FromChan(pour(items), nil)) }},
}

// BenchmarkBatch gathers a thousand items, or those of a second.
func BenchmarkBatch(b *testing.B) {
	items := numbers(many)
	b.Run("slice", func(b *testing.B) { measure(b, batchesOfSlice, items, wantBatches(items)) })
	b.Run("channel", func(b *testing.B) {
		measure(b, withoutRead(batchesOfChannel), items, wantBatches(items))
	})
}

func TestBatchesAgree(t *testing.T) {
	t.Parallel()
	items := numbers(10_500)
	agree(t, batchesOfSlice, items, wantBatches(items))
	agree(t, withoutRead(batchesOfChannel), items, wantBatches(items))
}

func withoutRead(flows []flow) []flow {
	return slices.DeleteFunc(slices.Clone(flows), func(f flow) bool { return f.impl == "channel-read" })
}

func wantBatches(items []int) (t total) {
	t.store(items)
	return t
}

func roBatches(tb testing.TB, source ro.Observable[int]) (t total) {
	tb.Helper()
	done := make(chan error, 1)
	ro.Pipe1(source, ro.BufferWithTimeOrCount[int](batch, patience)).Subscribe(
		ro.NewObserver(t.store, func(err error) { done <- err }, func() { done <- nil }))
	must(tb, <-done)
	return t
}

func rillBatches(tb testing.TB, in <-chan rill.Try[int]) (t total) {
	tb.Helper()
	err := rill.ForEach(rill.Batch(in, batch, patience), 1, func(b []int) error {
		t.store(b)
		return nil
	})
	must(tb, err)
	return t
}

// groups count the items of each of 64 keys. What comes out is how many keys there were, and the squares
// of their counts.
var groups = []flow{
	{"goflow-metered", goflowFold(named[int])},
	{"goflow", goflowFold(plain[int])},
	{"goflow-groupby", goflowGroups},
	{"loop", func(_ testing.TB, items []int) total {
		counts := map[int]int{}
		for _, v := range items {
			counts[key(v)]++
		}
		return squares(counts)
	}},
	{"lo", func(_ testing.TB, items []int) total { return squares(lo.MapValues(lo.GroupBy(items, key), length)) }},
	{"lo-it", func(_ testing.TB, items []int) total {
		return squares(lo.MapValues(loit.GroupBy(slices.Values(items), key), length))
	}},
	{"ro", roGroups},
	{"rill", func(tb testing.TB, items []int) total {
		counts, err := rill.MapReduce(rill.FromSlice(items, nil), 1,
			func(v int) (int, int, error) { return key(v), 1, nil }, 1, sumErr)
		must(tb, err)
		return squares(counts)
	}},
}

//go:noinline
func key(n int) int { return n & 63 }

func length(items []int, _ int) int { return len(items) }

func squares(counts map[int]int) (t total) {
	for _, n := range counts {
		t.store([]int{n * n})
	}
	return t
}

// BenchmarkGroup counts items by key.
func BenchmarkGroup(b *testing.B) {
	items := numbers(many)
	b.Run("keys=64", func(b *testing.B) { measure(b, groups, items, wantGroups(items)) })
}

func TestGroupsAgree(t *testing.T) {
	t.Parallel()
	items := numbers(10_000)
	agree(t, groups, items, wantGroups(items))
}

func wantGroups(items []int) total {
	counts := map[int]int{}
	for _, v := range items {
		counts[v%64]++
	}
	return squares(counts)
}

// goflowFold folds into a map.
func goflowFold(as func(streams.Stream[int]) streams.Stream[int]) func(testing.TB, []int) total {
	return func(tb testing.TB, items []int) total {
		tb.Helper()
		counts, err := streams.Reduce(context.Background(), as(streams.FromSlice(items)), map[int]int{},
			func(counts map[int]int, v int) map[int]int {
				counts[key(v)]++
				return counts
			})
		must(tb, err)
		return squares(counts)
	}
}

// goflowGroups gives each key a stream and a goroutine of its own.
func goflowGroups(tb testing.TB, items []int) total {
	tb.Helper()
	var mu sync.Mutex
	counts := map[int]int{}
	err := streams.GroupBy(context.Background(), named(streams.FromSlice(items)), streams.GroupConfig{Max: 64}, key,
		func(ctx context.Context, key int, in streams.Stream[int]) error {
			n, err := in.Count(ctx)
			mu.Lock()
			defer mu.Unlock()
			counts[key] += n
			return err
		})
	must(tb, err)
	return squares(counts)
}

func roGroups(tb testing.TB, items []int) (t total) {
	tb.Helper()
	counts, err := ro.Collect(ro.Pipe2(ro.FromSlice(items), ro.GroupBy(key),
		ro.MergeMap(func(g ro.Observable[int]) ro.Observable[int64] { return ro.Pipe1(g, ro.Count[int]()) })))
	must(tb, err)
	for _, n := range counts {
		t.store([]int{int(n * n)})
	}
	return t
}
