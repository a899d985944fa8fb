package streams_test

import (
	"testing"
	"time"

	"github.com/destel/rill"
	"github.com/reugn/go-streams/extension"
	gostreams "github.com/reugn/go-streams/flow"

	"github.com/goflow-go/goflow/streams"
)

// The pipeline keeps two items in three, maps them in ten goroutines, and stores batches.
const (
	wide     = 10
	batch    = 1000
	patience = time.Second
)

// BenchmarkPipeline runs filter, parallel map, batch and store.
func BenchmarkPipeline(b *testing.B) {
	items := numbers(many)
	for _, p := range pipelines() {
		b.Run(p.name, func(b *testing.B) { measure(b, p.flows, items, wantPipeline(items)) })
	}
}

func TestPipelinesAgree(t *testing.T) {
	t.Parallel()
	items := numbers(10_000)
	for _, p := range pipelines() {
		t.Run(p.name, func(t *testing.T) { agree(t, p.flows, items, wantPipeline(items)) })
	}
}

func wantPipeline(items []int) (t total) {
	for _, v := range items {
		if notThird(v) {
			t.store([]int{addOne(v)})
		}
	}
	return t
}

func pipelines() []struct {
	name  string
	flows []flow
} {
	channel, slice := streams.FromChannel[int], streams.FromSlice[int]
	fromChannel := func(items []int) streams.Stream[int] { return channel(pour(items)) }
	rillChannel := func(items []int) <-chan rill.Try[int] { return rill.FromChan(pour(items), nil) }
	rillSlice := func(items []int) <-chan rill.Try[int] { return rill.FromSlice(items, nil) }
	return []struct {
		name  string
		flows []flow
	}{
		{"channel/unordered", []flow{
			{"goflow-metered", goflowPipeline(fromChannel, named, true)},
			{"goflow", goflowPipeline(fromChannel, plain, true)},
			{"channel-read", channelRead},
			{"rill", rillPipeline(rillChannel, rill.Map[int, int])},
			{"go-streams", goStreamsPipeline},
		}},
		{"channel/ordered", []flow{
			{"goflow-metered", goflowPipeline(fromChannel, named, false)},
			{"goflow", goflowPipeline(fromChannel, plain, false)},
			{"channel-read", channelRead},
			{"rill", rillPipeline(rillChannel, rill.OrderedMap[int, int])},
		}},
		{"slice/unordered", []flow{
			{"goflow-metered", goflowPipeline(slice, named, true)},
			{"goflow", goflowPipeline(slice, plain, true)},
			{"rill", rillPipeline(rillSlice, rill.Map[int, int])},
		}},
		{"slice/ordered", []flow{
			{"goflow-metered", goflowPipeline(slice, named, false)},
			{"goflow", goflowPipeline(slice, plain, false)},
			{"rill", rillPipeline(rillSlice, rill.OrderedMap[int, int])},
		}},
	}
}

func goflowPipeline(
	source func([]int) streams.Stream[int], as func(streams.Stream[int]) streams.Stream[int], unordered bool,
) func(testing.TB, []int) total {
	return func(tb testing.TB, items []int) total {
		tb.Helper()
		s := as(source(items)).Filter(notThird).Parallel(wide)
		if unordered {
			s = s.Unordered()
		}
		return storing(tb, streams.Batch(streams.Map(s, addOneContext), batch, patience))
	}
}

func rillPipeline(
	source func([]int) <-chan rill.Try[int],
	mapping func(<-chan rill.Try[int], int, func(int) (int, error)) <-chan rill.Try[int],
) func(testing.TB, []int) total {
	return func(tb testing.TB, items []int) (t total) {
		tb.Helper()
		kept := rill.Filter(source(items), 1, notThirdErr)
		err := rill.ForEach(rill.Batch(mapping(kept, wide, addOneErr), batch, patience), 1, func(b []int) error {
			t.store(b)
			return nil
		})
		must(tb, err)
		return t
	}
}

// channelRead is the floor: the same items come out of a channel, and nothing else is done with them.
func channelRead(_ testing.TB, items []int) (t total) {
	for v := range pour(items) {
		if v%3 != 0 {
			t.n++
			t.sum += v + 1
		}
	}
	return t
}

func goStreamsPipeline(_ testing.TB, items []int) (t total) {
	in, out := make(chan any, 128), make(chan any, 128)
	go func() {
		defer close(in)
		for _, v := range items {
			in <- v
		}
	}()
	go extension.NewChanSource(in).
		Via(gostreams.NewFilter(notThird, 1)).
		Via(gostreams.NewMap(addOne, wide)).
		Via(gostreams.NewBatch[int](batch, patience)).
		To(extension.NewChanSink(out))
	for b := range out {
		t.store(b.([]int))
	}
	return t
}
