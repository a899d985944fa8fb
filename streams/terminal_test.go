package streams_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

func TestTerminalsGiveWhatPlainCodeGives(t *testing.T) {
	t.Parallel()
	ctx, in := t.Context(), streams.FromSlice(numbers(1000))
	if n, err := in.Count(ctx); n != 1000 || err != nil {
		t.Errorf("count: got %d and error %v, want 1000", n, err)
	}
	if n, ok, err := in.Skip(7).First(ctx); n != 7 || !ok || err != nil {
		t.Errorf("first: got %d, %v and error %v, want 7", n, ok, err)
	}
	if _, ok, err := in.Skip(1000).First(ctx); ok || err != nil {
		t.Errorf("first of none: got %v and error %v, want none", ok, err)
	}
	if n, err := streams.Reduce(ctx, in, 5, sum); n != 5+499500 || err != nil {
		t.Errorf("reduce: got %d and error %v, want 499505", n, err)
	}
	n, err := streams.Fold(ctx, in, 5, func(_ context.Context, acc, n int) (int, error) {
		if n == 3 {
			return 0, errBoom
		}
		return acc + n, nil
	})
	requireStage(t, err, "fold", errBoom)
	if n != 5+0+1+2 {
		t.Errorf("fold: got %d, want what came before the error, 8", n)
	}
	for limit, want := range map[int]bool{999: true, 1000: false} {
		if got, err := in.Any(ctx, func(n int) bool { return n >= limit }); got != want || err != nil {
			t.Errorf("any of %d: got %v and error %v, want %v", limit, got, err, want)
		}
		if got, err := in.All(ctx, func(n int) bool { return n < limit }); got == want || err != nil {
			t.Errorf("all below %d: got %v and error %v, want %v", limit, got, err, !want)
		}
	}
	var seen []int
	for n, err := range in.Take(3).Seq(ctx) {
		if err != nil {
			t.Error(err)
		}
		seen = append(seen, n)
	}
	requireItems(t, seen, 0, 1, 2)
}

func TestSeqGivesTheErrorLast(t *testing.T) {
	t.Parallel()
	var seen []int
	var last error
	for n, err := range streams.Map(streams.FromSlice([]int{1, 13, 2}), unless).Seq(t.Context()) {
		seen, last = append(seen, n), err
	}
	requireItems(t, seen, 2, 0)
	requireStage(t, last, "map", errBoom)
}

func TestToChannelWaitsForRoomUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := make(chan int, 3)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		err := streams.FromSlice(numbers(10)).ToChannel(ctx, out)
		if !errors.Is(err, context.DeadlineExceeded) || len(out) != 3 {
			t.Errorf("got error %v and %d items, want the deadline and 3", err, len(out))
		}
		out = make(chan int, 10)
		if err := streams.FromSlice(numbers(10)).ToChannel(t.Context(), out); err != nil || len(out) != 10 {
			t.Errorf("got error %v and %d items, want 10", err, len(out))
		}
	})
}

func TestAStreamRunsAnewEachTimeAndNotBefore(t *testing.T) {
	t.Parallel()
	mapped := 0
	s := streams.Map(streams.FromSlice(numbers(3)), func(_ context.Context, n int) (int, error) { mapped++; return n, nil })
	if mapped != 0 {
		t.Errorf("%d items were mapped before a terminal operation", mapped)
	}
	for range 2 {
		requireItems(t, collect(t, s.Skip(1)), 1, 2)
		requireItems(t, collect(t, s), 0, 1, 2)
	}
	var zero streams.Stream[int]
	requireItems(t, collect(t, zero.Filter(even)))
}

func TestARunUnderAnEndedContextDoesNotBegin(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBoom)
	if err := streams.FromSlice(numbers(3)).Tap(func(int) { t.Error("it ran") }).Drain(ctx); err != errBoom {
		t.Errorf("got error %v, want the cause", err)
	}
}

func TestAStreamThatWasMadeWrongSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	in := streams.FromSlice(numbers(3))
	dead := func(context.Context, int, error) error { return nil }
	for want, s := range map[string]interface{ Drain(context.Context) error }{
		"n must not be negative, got -1":                                    in.Take(-1),
		"n must be above 0, got 0":                                          in.Buffer(0, streams.Block),
		"overflow must be one of the strategies, got overflow(9)":           in.Buffer(1, streams.Overflow(9)),
		"Parallel must be 1 to 65536, got 0":                                streams.Map(in.Parallel(0), double),
		"Items must be above 0, got -2; Wait must not be negative, got -1s": streams.Batch(in, -2, -time.Second),
		"every must be above 0, got 0s":                                     streams.Tick(0),
		"max must be above 0, got 0":                                        streams.Sorted(in, 0),
		"Size must be set with Bytes":                                       streams.BatchBy(in, streams.BatchConfig[int]{Bytes: 1}),
		`Stage must have 1 to 128 bytes, got ""`:                            in.Stage(""),
		`DeadLetter must be followed by a step that takes it, got "batch"`:  streams.Batch(in.DeadLetter(dead), 1, 0),
		`Parallel must be followed by a step that takes it, got "the end`:   in.Parallel(2),
		`OnDrop must be followed by a step that takes it, got "map"`:        streams.Map(in.OnDrop(func([]int) {}), double),
		`name must not be empty`:                                            in.Named(""),
		`queue and codec must not be nil`:                                   in.Spill(1, nil, nil),
	} {
		err := s.Drain(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, core.ErrInvalid) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
	err := in.Named("orders").Take(-1).Skip(-2).Drain(t.Context())
	if want := `streams: "orders": n must not be negative, got -1; n must not be negative, got -2`; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func TestSortedHoldsNoMoreThanItWasTold(t *testing.T) {
	t.Parallel()
	err := streams.Sorted(streams.FromSlice(numbers(1000)), 999).Drain(t.Context())
	requireStage(t, err, "sorted", core.ErrRejected)
	if want := `streams: stage "sorted": full: 999 items`; err.Error() != want {
		t.Errorf("got error %v, want %v", err, want)
	}
}
