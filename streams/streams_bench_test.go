package streams_test

import (
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/goflow-go/goflow/streams"
)

const benchItems = 1 << 20

//go:noinline
func addOne(n int) int { return n + 1 }

//go:noinline
func notThird(n int) bool { return n%3 != 0 }

//go:noinline
func addOneContext(_ context.Context, n int) (int, error) { return n + 1, nil }

//go:noinline
func sum(acc, n int) int { return acc + n }

var sink int

// perItem runs f over benchItems items at a time and reports the time of one.
func perItem(b *testing.B, f func()) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchItems, "ns/item")
}

// mapSeq and filterSeq are what a hand-written iterator pipeline has.
func mapSeq(seq iter.Seq[int], f func(int) int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for v := range seq {
			if !yield(f(v)) {
				return
			}
		}
	}
}

func filterSeq(seq iter.Seq[int], f func(int) bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		for v := range seq {
			if f(v) && !yield(v) {
				return
			}
		}
	}
}

func BenchmarkMapFilterSum(b *testing.B) {
	items := numbers(benchItems)
	b.Run("loop", func(b *testing.B) {
		perItem(b, func() {
			acc := 0
			for _, v := range items {
				if v = addOne(v); notThird(v) {
					acc = sum(acc, v)
				}
			}
			sink = acc
		})
	})
	b.Run("iter", func(b *testing.B) {
		perItem(b, func() {
			acc := 0
			for v := range filterSeq(mapSeq(slices.Values(items), addOne), notThird) {
				acc = sum(acc, v)
			}
			sink = acc
		})
	})
	for name, s := range map[string]streams.Stream[int]{
		"stream": streams.FromSlice(items),
		"named":  streams.FromSlice(items).Named("bench"),
		"seq":    streams.FromSeq(slices.Values(items)),
	} {
		b.Run(name, func(b *testing.B) {
			kept := streams.Map(s, addOneContext).Filter(notThird)
			perItem(b, func() {
				acc, err := streams.Reduce(b.Context(), kept, 0, sum)
				if err != nil {
					b.Fatal(err)
				}
				sink = acc
			})
		})
	}
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

func BenchmarkSeedPipeline(b *testing.B) {
	items := numbers(benchItems)
	b.Run("reading the channel", func(b *testing.B) {
		perItem(b, func() {
			for v := range pour(items) {
				sink = v
			}
		})
	})
	for _, c := range []struct {
		name      string
		unordered bool
		slice     bool
	}{{"channel/ordered", false, false}, {"channel/unordered", true, false}, {"slice/ordered", false, true}, {"slice/unordered", true, true}} {
		b.Run(c.name, func(b *testing.B) {
			perItem(b, func() {
				s := streams.FromSlice(items)
				if !c.slice {
					s = streams.FromChannel(pour(items))
				}
				if s = s.Filter(notThird).Parallel(10); c.unordered {
					s = s.Unordered()
				}
				n, err := streams.Batch(streams.Map(s, addOneContext), 1000, time.Second).Count(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				sink = n
			})
		})
	}
}

func BenchmarkBatch(b *testing.B) {
	s := streams.FromSlice(numbers(benchItems))
	for name, wait := range map[string]time.Duration{"size": 0, "size and time": time.Second} {
		b.Run(name, func(b *testing.B) {
			perItem(b, func() {
				n, err := streams.Batch(s, 1000, wait).Count(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				sink = n
			})
		})
	}
}

func BenchmarkParallelMap(b *testing.B) {
	s := streams.FromSlice(numbers(benchItems))
	for name, s := range map[string]streams.Stream[int]{
		"ordered": s.Parallel(8), "unordered": s.Parallel(8).Unordered(),
		"by key": streams.ParallelBy(s, 8, func(n int) int { return n & 63 }),
	} {
		b.Run(name, func(b *testing.B) {
			perItem(b, func() {
				if err := streams.Map(s, addOneContext).Drain(b.Context()); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

func BenchmarkBuffer(b *testing.B) {
	s := streams.FromSlice(numbers(benchItems))
	for _, o := range []streams.Overflow{streams.Block, streams.DropOldest} {
		b.Run(o.String(), func(b *testing.B) {
			perItem(b, func() {
				if err := s.Buffer(4096, o).Drain(b.Context()); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
