package streams_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/streams"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

// numbers is 0, 1, ... n-1.
func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// chunkings are the lengths of chunks under which every step must give the same.
func chunkings() map[string]func() int {
	fixed := func(n int) func() int { return func() int { return n } }
	return map[string]func() int{
		"1": fixed(1), "2": fixed(2), "7": fixed(7), "256": fixed(256),
		"random": func() int { return 1 + rand.IntN(40) },
	}
}

func collect[T any](t *testing.T, s streams.Stream[T]) []T {
	t.Helper()
	got, err := s.Collect(t.Context())
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	return got
}

func requireItems[T comparable](t *testing.T, got []T, want ...T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

func even(n int) bool { return n%2 == 0 }
