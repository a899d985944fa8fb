package streams_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/BooleanCat/go-functional/v2/it"
	"github.com/destel/rill"
	loit "github.com/samber/lo/it"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// stoppers take ten of an endless source, mapped in four goroutines where the library can, and return.
var stoppers = []struct {
	impl string
	stop func(tb testing.TB, endless iter.Seq[int]) []int
}{
	{"goflow-metered", func(tb testing.TB, endless iter.Seq[int]) []int {
		tb.Helper()
		s := streams.Map(named(streams.FromSeq(endless)).Parallel(4), addOneContext)
		got, err := s.Take(10).Collect(context.Background())
		must(tb, err)
		return got
	}},
	{"rill", func(tb testing.TB, endless iter.Seq[int]) (got []int) {
		tb.Helper()
		for v, err := range rill.ToSeq2(rill.OrderedMap(rill.FromSeq(endless, nil), 4, addOneErr)) {
			must(tb, err)
			if got = append(got, v); len(got) == 10 {
				break
			}
		}
		return got
	}},
	{"lo-it", func(_ testing.TB, endless iter.Seq[int]) []int {
		return slices.Collect(loit.Slice(loit.Map(endless, addOne), 0, 10))
	}},
	{"go-functional", func(_ testing.TB, endless iter.Seq[int]) []int {
		return slices.Collect(it.Take(it.Map(endless, addOne), 10))
	}},
}

// BenchmarkEarlyStop counts the goroutines that are left when the call has returned. The source is ended
// afterwards.
func BenchmarkEarlyStop(b *testing.B) {
	for _, s := range stoppers {
		b.Run("take=10/impl="+s.impl, func(b *testing.B) {
			most := 0
			for b.Loop() {
				most = max(most, leftBehind(b, s.stop))
			}
			b.ReportMetric(float64(most), "goroutines-left")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func TestGoflowLeavesNothingBehind(t *testing.T) {
	if got := leftBehind(t, stoppers[0].stop); got != 0 {
		t.Errorf("got %d goroutines, want 0", got)
	}
}

// leftBehind gives goroutines that have done their last a moment to end. It waits for what is left before
// it returns, so that the next starts from nothing.
func leftBehind(tb testing.TB, stop func(testing.TB, iter.Seq[int]) []int) int {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	before := runtime.NumGoroutine()
	got := stop(tb, func(yield func(int) bool) {
		for i := 0; ctx.Err() == nil && yield(i); i++ { // runs until it is stopped
		}
	})
	settle(before, 20*time.Millisecond)
	left := runtime.NumGoroutine() - before
	cancel()
	if want := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}; !slices.Equal(got, want) {
		tb.Fatalf("got %v, want %v", got, want)
	}
	settle(before, time.Second)
	return max(left, 0)
}

// settle waits until there are no more goroutines than wanted.
func settle(want int, most time.Duration) {
	for deadline := time.Now().Add(most); runtime.NumGoroutine() > want && time.Now().Before(deadline); {
		runtime.Gosched()
	}
}

// panicking are steps whose function panics: goflow's must return it as an error. Peers are asked for a
// map alone, in the caller's goroutine, where they can be recovered from; elsewhere they end the process.
var panicking = []struct {
	impl string
	runs []func() error
}{
	{"goflow-metered", []func() error{
		panics(func(s streams.Stream[int]) streams.Stream[int] { return s.Filter(bombPredicate) }),
		panics(func(s streams.Stream[int]) streams.Stream[int] { return s.Tap(func(int) { panic("tap") }) }),
		panics(func(s streams.Stream[int]) streams.Stream[int] { return s.TakeWhile(bombPredicate) }),
		panics(func(s streams.Stream[int]) streams.Stream[int] { return streams.Map(s, bomb) }),
		panics(func(s streams.Stream[int]) streams.Stream[int] { return streams.Map(s.Parallel(4), bomb) }),
		panics(func(s streams.Stream[int]) streams.Stream[int] { return streams.Map(s.Parallel(4).Unordered(), bomb) }),
		panics(func(s streams.Stream[int]) streams.Stream[int] { return streams.DistinctBy(s, 8, bombKey) }),
		panics(func(s streams.Stream[int]) streams.Stream[int] { return streams.Map(s, bomb).Buffer(8, streams.Block) }),
	}},
	{"lo-it", []func() error{func() error {
		for range loit.Map(slices.Values(numbers(10)), bombKey) {
			return nil
		}
		return nil
	}}},
}

func bomb(context.Context, int) (int, error) { panic("map") }
func bombPredicate(int) bool                 { panic("predicate") }
func bombKey(int) int                        { panic("key") }

func panics(step func(streams.Stream[int]) streams.Stream[int]) func() error {
	return func() error { return step(named(streams.FromSlice(numbers(100)))).Drain(context.Background()) }
}

// BenchmarkPanic counts the panics that come back as errors.
func BenchmarkPanic(b *testing.B) {
	for _, p := range panicking {
		b.Run("steps/impl="+p.impl, func(b *testing.B) {
			var share float64
			for b.Loop() {
				share = returned(p.runs)
			}
			b.ReportMetric(share, "returned/panic")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func TestGoflowReturnsPanics(t *testing.T) {
	t.Parallel()
	if got := returned(panicking[0].runs); got != 1 {
		t.Errorf("got %v of them returned, want all", got)
	}
}

func returned(runs []func() error) float64 {
	n := 0
	for _, run := range runs {
		if e := (*core.PanicError)(nil); errors.As(recovering(run), &e) {
			n++
		}
	}
	return float64(n) / float64(len(runs))
}

// recovering runs what may panic: the panic is then no error.
func recovering(run func() error) (err error) {
	defer func() { _ = recover() }()
	return run()
}
