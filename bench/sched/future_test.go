package sched_test

import (
	"testing"

	"github.com/alitto/pond/v2"
	"github.com/sourcegraph/conc/pool"

	"github.com/goflow-go/goflow/bench/internal/side"
)

// outstanding is how many results are waited for at any time.
const outstanding = 256

// futures give results of tasks: make gives what takes the oldest of those outstanding and asks for
// another, and reports whether it was the right one.
var futures = []struct {
	impl string
	make func(testing.TB) func() bool
}{
	{"goflow-metered", futureGoflow},
	{"pond", futurePond},
	{"conc", futureConc},
	{"go-channel", futureGo},
}

// BenchmarkFuture has tasks compute results in a pool, and takes them in the order they were asked for.
func BenchmarkFuture(b *testing.B) {
	for _, f := range futures {
		b.Run("impl="+f.impl+"/serial", func(b *testing.B) { side.Serial(b, f.make(b), true) })
	}
}

// newFutures asks for the first results. A task gives its number.
func newFutures[F any](ask func(n int) F, take func(F) (int, error)) func() bool {
	var ring [outstanding]F
	for n := range ring {
		ring[n] = ask(n)
	}
	n := 0
	return func() bool {
		oldest := &ring[n%outstanding]
		got, err := take(*oldest)
		*oldest = ask(n + outstanding)
		n++
		return got == n-1 && err == nil
	}
}

func futurePond(tb testing.TB) func() bool {
	tb.Helper()
	p := pond.NewResultPool[int](workers, pond.WithQueueSize(queue))
	tb.Cleanup(p.StopAndWait)
	return newFutures(
		func(n int) pond.ResultTask[int] { return p.Submit(func() int { return n }) }, pond.ResultTask[int].Wait)
}

// futureConc has a channel for each result: the library gives them all at once, in no order.
func futureConc(tb testing.TB) func() bool {
	tb.Helper()
	p := pool.New().WithMaxGoroutines(workers)
	tb.Cleanup(p.Wait)
	return newFutures(func(n int) chan int {
		result := make(chan int, 1)
		p.Go(func() { result <- n })
		return result
	}, receive)
}

// futureGo makes what people write who want no library: a goroutine and a channel for each result.
func futureGo(testing.TB) func() bool {
	return newFutures(func(n int) chan int {
		result := make(chan int, 1)
		go func() { result <- n }()
		return result
	}, receive)
}

func receive(result chan int) (int, error) { return <-result, nil }
