package streams_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/destel/rill"
	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/stream"

	"github.com/goflow-go/goflow/streams"
)

// crew is how many goroutines map.
const crew = 8

// work is what a parallel map calls, in the shapes that libraries ask for.
type work struct {
	plain   func(int) int
	err     func(int) (int, error)
	context func(context.Context, int) (int, error)
}

var (
	tiny = work{addOne, addOneErr, addOneContext}
	busy = work{spin, spinErr, spinContext}
)

// spin takes about 10 us of a processor.
//
//go:noinline
func spin(n int) int {
	x := uint64(n) | 1<<32
	for range spins {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return int(x >> 16)
}

const spins = 5000

//go:noinline
func spinErr(n int) (int, error) { return spin(n), nil }

//go:noinline
func spinContext(_ context.Context, n int) (int, error) { return spin(n), nil }

// BenchmarkParallelMap maps in eight goroutines.
func BenchmarkParallelMap(b *testing.B) {
	few, items := numbers(2048), numbers(many)
	b.Run("tiny/ordered", func(b *testing.B) { measure(b, ordered(tiny), items, wantMapped(items, addOne, chain)) })
	b.Run("tiny/unordered", func(b *testing.B) { measure(b, unordered(tiny), items, wantMapped(items, addOne, sum)) })
	b.Run("10us/ordered", func(b *testing.B) { measure(b, ordered(busy), few, wantMapped(few, spin, chain)) })
}

func TestParallelMapsAgree(t *testing.T) {
	t.Parallel()
	items := numbers(1000)
	agree(t, ordered(tiny), items, wantMapped(items, addOne, chain))
	agree(t, unordered(tiny), items, wantMapped(items, addOne, sum))
	agree(t, ordered(busy), items, wantMapped(items, spin, chain))
}

func wantMapped(items []int, f func(int) int, fold func(acc, n int) int) (t total) {
	for _, v := range items {
		t.sum = fold(t.sum, f(v))
	}
	return t
}

func ordered(w work) []flow {
	return []flow{
		{"goflow-metered", goflowParallel(w, named, false, chain)},
		{"goflow", goflowParallel(w, plain, false, chain)},
		{"ideal", func(_ testing.TB, items []int) total { return ideal(w, items) }},
		{"loop", func(_ testing.TB, items []int) total { return wantMapped(items, w.plain, chain) }},
		{"conc", func(_ testing.TB, items []int) total { return concOrdered(w, items) }},
		{"conc-iter", func(_ testing.TB, items []int) total { return concIter(w, items) }},
		{"rill", rillParallel(w, rill.OrderedMap[int, int], chain)},
	}
}

func unordered(w work) []flow {
	return []flow{
		{"goflow-metered", goflowParallel(w, named, true, sum)},
		{"goflow", goflowParallel(w, plain, true, sum)},
		{"channel", func(_ testing.TB, items []int) total { return channelPool(w, items) }},
		{"rill", rillParallel(w, rill.Map[int, int], sum)},
	}
}

func goflowParallel(
	w work, as func(streams.Stream[int]) streams.Stream[int], unordered bool, fold func(acc, n int) int,
) func(testing.TB, []int) total {
	return func(tb testing.TB, items []int) total {
		tb.Helper()
		s := as(streams.FromSlice(items)).Parallel(crew)
		if unordered {
			s = s.Unordered()
		}
		return reducing(tb, streams.Map(s, w.context), fold)
	}
}

// ideal shares the items out before, so that nothing is handed over.
func ideal(w work, items []int) (t total) {
	out := make([]int, len(items))
	var wg sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	for p := range parts {
		wg.Go(func() {
			for i := len(items) * p / parts; i < len(items)*(p+1)/parts; i++ {
				out[i] = w.plain(items[i])
			}
		})
	}
	wg.Wait()
	for _, v := range out {
		t.sum = chain(t.sum, v)
	}
	return t
}

func concOrdered(w work, items []int) (t total) {
	s := stream.New().WithMaxGoroutines(crew)
	for _, v := range items {
		s.Go(func() stream.Callback {
			r := w.plain(v)
			return func() { t.sum = chain(t.sum, r) }
		})
	}
	s.Wait()
	return t
}

// concIter maps a slice into another: there is no stream.
func concIter(w work, items []int) (t total) {
	m := iter.Mapper[int, int]{MaxGoroutines: crew}
	for _, v := range m.Map(items, func(v *int) int { return w.plain(*v) }) {
		t.sum = chain(t.sum, v)
	}
	return t
}

func rillParallel(
	w work, mapping func(<-chan rill.Try[int], int, func(int) (int, error)) <-chan rill.Try[int], fold func(acc, n int) int,
) func(testing.TB, []int) total {
	return func(tb testing.TB, items []int) (t total) {
		tb.Helper()
		err := rill.ForEach(mapping(rill.FromSlice(items, nil), crew, w.err), 1, func(v int) error {
			t.sum = fold(t.sum, v)
			return nil
		})
		must(tb, err)
		return t
	}
}

// channelPool is what people write without a library.
func channelPool(w work, items []int) (t total) {
	in, out := pour(items), make(chan int, 128)
	var wg sync.WaitGroup
	for range crew {
		wg.Go(func() {
			for v := range in {
				out <- w.plain(v)
			}
		})
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	for v := range out {
		t.sum = sum(t.sum, v)
	}
	return t
}
