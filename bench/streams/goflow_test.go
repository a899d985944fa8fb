package streams_test

import (
	"context"
	"testing"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/streams"
)

// named is a stream as an application has it.
func named[T any](s streams.Stream[T]) streams.Stream[T] {
	return s.Named("bench", streams.WithTelemetry(side.SDK()...))
}

// plain is a stream without a name, which emits nothing.
func plain[T any](s streams.Stream[T]) streams.Stream[T] { return s }

// storing runs a stream of batches to its end.
func storing(tb testing.TB, batches streams.Stream[[]int]) (t total) {
	tb.Helper()
	err := batches.ForEach(context.Background(), func(_ context.Context, batch []int) error {
		t.store(batch)
		return nil
	})
	must(tb, err)
	return t
}

// reducing folds a stream into a total.
func reducing(tb testing.TB, s streams.Stream[int], f func(acc, n int) int) total {
	tb.Helper()
	acc, err := streams.Reduce(context.Background(), s, 0, f)
	must(tb, err)
	return total{sum: acc}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
