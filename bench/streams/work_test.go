package streams_test

import (
	"context"
	"runtime"
	"testing"
)

// many is how many items go through at a time.
const many = 1 << 18

// total is what came out: how many, and what they were folded into.
type total struct{ n, sum int }

// flow is an implementation: run sends items through, and gives what came out.
type flow struct {
	impl string
	run  func(tb testing.TB, items []int) total
}

// measure reports the time and the allocations of an item. The answer is checked each time.
func measure(b *testing.B, flows []flow, items []int, want total) {
	b.Helper()
	for _, f := range flows {
		b.Run("impl="+f.impl, func(b *testing.B) {
			before := mallocs()
			for b.Loop() {
				if got := f.run(b, items); got != want {
					b.Fatalf("got %+v, want %+v", got, want)
				}
			}
			perItem(b, len(items))
			b.ReportMetric(float64(mallocs()-before)/float64(b.N)/float64(len(items)), "allocs/item")
		})
	}
}

// perItem reports time by the item instead of by the run.
func perItem(b *testing.B, items int) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(items), "ns/item")
	b.ReportMetric(0, "ns/op")
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// agree fails the test unless all flows give what is wanted.
func agree(t *testing.T, flows []flow, items []int, want total) {
	t.Helper()
	for _, f := range flows {
		t.Run(f.impl, func(t *testing.T) {
			if got := f.run(t, items); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func numbers(n int) []int {
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	return items
}

// pour sends items to a channel that holds 128.
func pour(items []int) <-chan int {
	in := make(chan int, 128)
	go func() {
		defer close(in)
		for _, v := range items {
			in <- v
		}
	}()
	return in
}

// What users bring is not inlined, whoever calls it, in each of the shapes that libraries ask for.

//go:noinline
func addOne(n int) int { return n + 1 }

//go:noinline
func addOneErr(n int) (int, error) { return n + 1, nil }

//go:noinline
func addOneContext(_ context.Context, n int) (int, error) { return n + 1, nil }

//go:noinline
func addOneIndex(n, _ int) int { return n + 1 }

//go:noinline
func addOneAny(_ context.Context, n any) (any, error) { return n.(int) + 1, nil }

//go:noinline
func notThird(n int) bool { return n%3 != 0 }

//go:noinline
func notThirdErr(n int) (bool, error) { return n%3 != 0, nil }

//go:noinline
func notThirdIndex(n, _ int) bool { return n%3 != 0 }

//go:noinline
func notThirdAny(n any) bool { return n.(int)%3 != 0 }

//go:noinline
func sum(acc, n int) int { return acc + n }

//go:noinline
func sumErr(acc, n int) (int, error) { return acc + n, nil }

//go:noinline
func sumIndex(acc, n, _ int) int { return acc + n }

//go:noinline
func sumAny(_ context.Context, acc, n any) (any, error) {
	if acc == nil {
		return n, nil
	}
	return acc.(int) + n.(int), nil
}

// chain folds so that the order of items shows.
//
//go:noinline
func chain(acc, n int) int { return acc*31 + n }

// store takes a batch.
//
//go:noinline
func (t *total) store(batch []int) {
	t.n += len(batch)
	for _, v := range batch {
		t.sum += v
	}
}
