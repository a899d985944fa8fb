package streams_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// dealt is a source of slices, and whether it is open.
func dealt(items [][]int, last error, open *int) streams.Stream[int] {
	return streams.FromSlices(func(context.Context) iter.Seq2[[]int, error] {
		return func(yield func([]int, error) bool) {
			*open++
			defer func() { *open-- }()
			for i, s := range items {
				var err error
				if i == len(items)-1 {
					err = last
				}
				if !yield(s, err) {
					return
				}
			}
		}
	})
}

func TestFromSlicesGivesTheItemsOfAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOf(rapid.SliceOf(rapid.Int())).Draw(t, "items")
		open := 0
		s := streams.WithChunk(dealt(items, nil, &open), func() int { return 3 })
		want := slices.Concat(items...)
		got, err := s.Collect(context.Background())
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %v and error %v, want %v", got, err, want)
		}
		take := rapid.IntRange(0, len(want)).Draw(t, "take")
		got, err = s.Take(take).Collect(context.Background())
		if err != nil || !slices.Equal(got, want[:take]) {
			t.Fatalf("take: got %v and error %v, want %v", got, err, want[:take])
		}
		if open != 0 {
			t.Fatalf("%d iterators are open, want 0", open)
		}
	})
}

func TestFromSlicesEndsWithTheErrorAfterTheItemsThatComeWithIt(t *testing.T) {
	t.Parallel()
	open := 0
	got, err := dealt([][]int{{1}, {2, 3}}, errBoom, &open).Collect(t.Context())
	requireStage(t, err, "source", errBoom)
	requireItems(t, got, 1, 2, 3)
}

func TestFromSlicesHandsASliceOnAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := streams.FromSlices(func(ctx context.Context) iter.Seq2[[]time.Time, error] {
			return func(yield func([]time.Time, error) bool) {
				for range 20 {
					now := time.Now()
					if !yield([]time.Time{now, now, now}, nil) {
						return
					}
					<-time.After(time.Second)
				}
			}
		})
		for at, err := range s.Seq(t.Context()) {
			if err != nil || time.Since(at) != 0 {
				t.Fatalf("an item is %v late, error %v", time.Since(at), err)
			}
		}
	})
}

func TestFromSlicesSeesTheEndOfItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	n := 0
	s := streams.FromSlices(func(context.Context) iter.Seq2[[]int, error] {
		return func(yield func([]int, error) bool) {
			for yield([]int{1, 2}, nil) {
				if n++; n == 3 {
					cancel(errBoom)
				}
			}
		}
	})
	if got, err := s.Count(ctx); !errors.Is(err, errBoom) || got > 8 {
		t.Errorf("got %d items and error %v, want the context's cause", got, err)
	}
}

func TestFromSlicesNeedsSomethingToOpen(t *testing.T) {
	t.Parallel()
	if err := streams.FromSlices[int](nil).Drain(t.Context()); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want an error that matches core.ErrInvalid", err)
	}
}

func TestAPanicOfAnIteratorOfSlicesIsAnError(t *testing.T) {
	t.Parallel()
	s := streams.FromSlices(func(context.Context) iter.Seq2[[]int, error] {
		return func(yield func([]int, error) bool) {
			yield([]int{1}, nil)
			panic("boom")
		}
	})
	got, err := s.Collect(t.Context())
	if _, ok := errors.AsType[*core.PanicError](err); !ok {
		t.Errorf("got %v, want a panic", err)
	}
	requireItems(t, got, 1)
}
