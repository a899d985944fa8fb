package streams_test

import (
	"context"
	"io"
	"iter"
	"slices"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/telemetry"
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

// refilled is a source that is acknowledged: it gives what is left.
type refilled struct{ left []int }

func (e *refilled) Fetch(_ context.Context, most int) ([]int, error) {
	n := min(most, len(e.left))
	items := e.left[:n:n]
	if e.left = e.left[n:]; len(e.left) == 0 {
		return items, io.EOF
	}
	return items, nil
}

func (e *refilled) Ack(_ context.Context, items []int) error {
	sink += len(items)
	return nil
}

// BenchmarkAcknowledged shows what a source that is acknowledged costs beside one that is not.
func BenchmarkAcknowledged(b *testing.B) {
	items := numbers(benchItems)
	src := &refilled{}
	for name, s := range map[string]streams.Stream[int]{"forgotten": streams.FromSlice(items), "acknowledged": streams.FromAcknowledged[int](src)} {
		b.Run(name, func(b *testing.B) {
			all := streams.Batch(streams.Map(s.Parallel(4), addOneContext).Buffer(4096, streams.Block), 1000, time.Second)
			perItem(b, func() {
				src.left = items
				if err := all.Drain(b.Context()); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkTelemetry shows what the metrics of a stream cost, and a span for each batch of 1000.
func BenchmarkTelemetry(b *testing.B) {
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	tracers := sdktrace.NewTracerProvider()
	metered := streams.WithTelemetry(telemetry.WithMeterProvider(provider), telemetry.WithTracerProvider(tracers))
	sampled := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled})
	s := streams.FromSlice(numbers(benchItems))
	for _, c := range []struct {
		name string
		s    streams.Stream[int]
	}{
		{"none", s},
		{"metrics", s.Named("bench", metered)},
		{"spans", s.Named("bench", metered).Traced(func(n int) trace.SpanContext {
			if n%500 == 0 {
				return sampled
			}
			return trace.SpanContext{}
		})},
	} {
		b.Run(c.name, func(b *testing.B) {
			all := streams.Batch(c.s, 1000, 0)
			perItem(b, func() {
				if err := all.ForEach(b.Context(), func(context.Context, []int) error { return nil }); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
