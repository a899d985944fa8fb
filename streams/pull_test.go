package streams_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// upTo counts from 1 to n, then returns err.
func upTo(n int, err error) func(context.Context) (int, bool, error) {
	i := 0
	return func(context.Context) (int, bool, error) {
		if i++; i > n {
			return 0, false, err
		}
		return i, true, nil
	}
}

func TestPullHandsEachItemOnBeforeItAsksForTheNext(t *testing.T) {
	t.Parallel()
	taken := 0
	got, err := streams.Map(streams.Pull(func(context.Context) (int, bool, error) { return taken, taken < 1000, nil }),
		func(_ context.Context, i int) (int, error) { taken++; return i, nil }).Collect(t.Context())
	if err != nil || len(got) != 1000 || !slices.IsSorted(got) || got[999] != 999 {
		t.Errorf("got %d items (%v), want 1000, each made of how many were taken before it", len(got), err)
	}
}

func TestPullEndsWithItsError(t *testing.T) {
	t.Parallel()
	got, err := streams.Pull(upTo(3, errBoom)).Collect(t.Context())
	requireStage(t, err, "source", errBoom)
	requireItems(t, got, 1, 2, 3)
}

func TestPullContainsAPanic(t *testing.T) {
	t.Parallel()
	_, err := streams.Pull(func(context.Context) (int, bool, error) { panic("boom") }).Collect(t.Context())
	if core.ErrorType(err) != core.TypePanic {
		t.Errorf("got %v, want a panic", err)
	}
}

func TestPullAsksNoMoreThanIsTaken(t *testing.T) {
	t.Parallel()
	asked := 0
	s := streams.Pull(func(context.Context) (int, bool, error) { asked++; return asked, true, nil })
	if got, err := s.Take(2).Collect(t.Context()); err != nil || len(got) != 2 || asked != 2 {
		t.Errorf("asked %d times for %v (%v), want twice", asked, got, err)
	}
}

func TestPullEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := streams.Pull(func(ctx context.Context) (int, bool, error) {
		cancel(errBoom)
		return 0, false, ctx.Err()
	}).Collect(ctx)
	if !errors.Is(err, errBoom) {
		t.Errorf("got %v, want why the context ended", err)
	}
}
