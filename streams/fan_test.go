package streams_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// into is a sink that appends what comes.
func into(got *[]int) streams.Sink[int] {
	return func(ctx context.Context, in streams.Stream[int]) (err error) {
		*got, err = in.Collect(ctx)
		return err
	}
}

func TestSplittingGivesEverySinkItsItemsInOrderWhateverTheChunks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		items := rapid.SliceOfN(rapid.IntRange(0, 30), 0, 60).Draw(rt, "items")
		for length, chunk := range chunkings() {
			s := streams.WithChunk(streams.FromSlice(items), chunk)
			var a, b, c, d, e []int
			err := errors.Join(
				streams.Broadcast(context.Background(), s, into(&a), into(&b)),
				streams.Partition(context.Background(), s, func(n int) int { return n % 2 }, into(&c), into(&d)),
			)
			through, teed := s.Tee(into(&e)).Collect(context.Background())
			if err = errors.Join(err, teed); err != nil {
				rt.Fatal(err)
			}
			for _, got := range [][]int{a, b, through, e} {
				if !slices.Equal(got, items) {
					rt.Fatalf("chunks of %s: got %v, want %v", length, got, items)
				}
			}
			evens, odds := slices.Clone(items), slices.Clone(items)
			evens = slices.DeleteFunc(evens, func(n int) bool { return n%2 != 0 })
			odds = slices.DeleteFunc(odds, even)
			if !slices.Equal(c, evens) || !slices.Equal(d, odds) {
				rt.Fatalf("chunks of %s: got %v and %v, want %v and %v", length, c, d, evens, odds)
			}
		}
	})
}

// modelGroups is GroupBy in plain code: the items of each opening of each key.
func modelGroups(items []int, most int) map[int][][]int {
	want := map[int][][]int{}
	var open []int // the longest without an item first
	for _, v := range items {
		k := v % 7
		if i := slices.Index(open, k); i >= 0 {
			open = slices.Delete(open, i, i+1)
		} else {
			if len(open) == most {
				open = open[1:]
			}
			want[k] = append(want[k], nil)
		}
		open = append(open, k)
		last := len(want[k]) - 1
		want[k][last] = append(want[k][last], v)
	}
	return want
}

func TestGroupByOpensAndEndsGroupsAsPlainCodeDoesWhateverTheChunks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		items := rapid.SliceOfN(rapid.IntRange(0, 30), 0, 60).Draw(rt, "items")
		most := rapid.IntRange(1, 8).Draw(rt, "max")
		cfg := streams.GroupConfig{Max: most}
		if rapid.Bool().Draw(rt, "idle") {
			cfg.Idle = time.Hour
		}
		want := modelGroups(items, most)
		for length, chunk := range chunkings() {
			var mu sync.Mutex
			got := map[int][][]int{}
			open := 0
			err := streams.GroupBy(context.Background(), streams.WithChunk(streams.FromSlice(items), chunk), cfg,
				func(n int) int { return n % 7 },
				func(ctx context.Context, k int, in streams.Stream[int]) error {
					mu.Lock()
					if open++; open > most {
						rt.Errorf("%d groups are open, want at most %d", open, most)
					}
					mu.Unlock()
					all, err := in.Collect(ctx)
					mu.Lock()
					defer mu.Unlock()
					open--
					got[k] = append(got[k], all)
					return err
				})
			if err != nil {
				rt.Fatal(err)
			}
			if !maps.EqualFunc(got, want, func(a, b [][]int) bool { return slices.EqualFunc(a, b, slices.Equal) }) {
				rt.Fatalf("chunks of %s: got %v, want %v", length, got, want)
			}
		}
	})
}

func TestMergeGivesAllItemsThoseOfEachStreamInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n, m := rapid.IntRange(0, 300).Draw(rt, "n"), rapid.IntRange(0, 300).Draw(rt, "m")
		odd := streams.Map(streams.FromSlice(numbers(m)), func(_ context.Context, v int) (int, error) { return 2*v + 1, nil })
		got, err := streams.Merge(streams.Map(streams.FromSlice(numbers(n)), double), odd).Collect(context.Background())
		if err != nil || len(got) != n+m {
			rt.Fatalf("got %d items and error %v, want %d", len(got), err, n+m)
		}
		evens := slices.DeleteFunc(slices.Clone(got), func(v int) bool { return v%2 != 0 })
		odds := slices.DeleteFunc(slices.Clone(got), even)
		if !slices.IsSorted(evens) || !slices.IsSorted(odds) {
			rt.Fatalf("got %v", got)
		}
	})
	if got := collect(t, streams.Merge[int]()); len(got) != 0 {
		t.Errorf("merging nothing gives %v", got)
	}
}

func TestZipEndsWithTheShorterWhateverTheChunks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n, m := rapid.IntRange(0, 300).Draw(rt, "n"), rapid.IntRange(0, 300).Draw(rt, "m")
		for length, chunk := range chunkings() {
			a, b := streams.WithChunk(streams.FromSlice(numbers(n)), chunk), streams.FromSlice(numbers(m))
			got, err := streams.Zip(a, b, func(_ context.Context, a, b int) (int, error) { return a + b, nil }).Collect(context.Background())
			want := numbers(min(n, m))
			for i := range want {
				want[i] *= 2
			}
			if err != nil || !slices.Equal(got, want) {
				rt.Fatalf("chunks of %s: got %v and error %v, want %v", length, got, err, want)
			}
		}
	})
}

func TestMergeHandsAnItemOnAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		silent := streams.FromChannel(make(chan time.Time))
		n := 0
		err := streams.Merge(silent, streams.Tick(time.Second).Take(5)).ForEach(ctx, func(_ context.Context, at time.Time) error {
			if n++; time.Since(at) != 0 {
				t.Errorf("an item is %v late", time.Since(at))
			}
			return nil
		})
		if n != 5 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %d items and error %v, want 5 and the deadline of the silent stream", n, err)
		}
	})
}

func TestNothingGoesOnAfterASplitOrJoinedStreamEnds(t *testing.T) {
	take := func(n int, fail error) streams.Sink[int] {
		return func(ctx context.Context, in streams.Stream[int]) error {
			return errors.Join(in.Take(n).Drain(ctx), fail)
		}
	}
	pick := func(n int) int { return n % 2 }
	plus := func(_ context.Context, a, b int) (int, error) { return a + b, nil }
	odd := func(int) int { return 7 }
	type s = streams.Stream[int]
	for name, c := range map[string]struct {
		run  func(context.Context, s) error
		want error
	}{
		"broadcast, all leave": {func(ctx context.Context, in s) error { return streams.Broadcast(ctx, in, take(3, nil), take(500, nil)) }, nil},
		"broadcast, one fails": {func(ctx context.Context, in s) error {
			return streams.Broadcast(ctx, in, take(3, errBoom), take(1<<40, nil))
		}, errBoom},
		"partition, all leave": {func(ctx context.Context, in s) error {
			return streams.Partition(ctx, in, pick, take(3, nil), take(500, nil))
		}, nil},
		"partition, no sink":  {func(ctx context.Context, in s) error { return streams.Partition(ctx, in, odd, take(3, nil)) }, core.ErrInvalid},
		"tee and take":        {func(ctx context.Context, in s) error { return in.Tee(take(1<<40, nil)).Take(9).Drain(ctx) }, nil},
		"tee, the sink fails": {func(ctx context.Context, in s) error { return in.Tee(take(3, errBoom)).Drain(ctx) }, errBoom},
		"merge and take": {func(ctx context.Context, in s) error {
			return streams.Merge(in, streams.FromSlice(numbers(9))).Take(2000).Drain(ctx)
		}, nil},
		"merge, one fails": {func(ctx context.Context, in s) error {
			return streams.Merge(in, streams.Map(streams.FromSlice([]int{13}), unless)).Drain(ctx)
		}, errBoom},
		"zip with a shorter": {func(ctx context.Context, in s) error {
			return streams.Zip(in, streams.FromSlice(numbers(900)), plus).Drain(ctx)
		}, nil},
		"zip after a shorter": {func(ctx context.Context, in s) error {
			return streams.Zip(streams.FromSlice(numbers(900)), in, plus).Drain(ctx)
		}, nil},
		"zip, one fails": {func(ctx context.Context, in s) error {
			return streams.Zip(in, streams.Map(streams.FromSlice([]int{13}), unless), plus).Drain(ctx)
		}, errBoom},
		"groups, one fails": {func(ctx context.Context, in s) error {
			return streams.GroupBy(ctx, in, streams.GroupConfig{Max: 3}, func(n int) int { return n % 5 }, func(ctx context.Context, k int, in s) error {
				if k == 4 {
					return errBoom
				}
				return in.Drain(ctx)
			})
		}, errBoom},
		"groups that may be idle, one fails": {func(ctx context.Context, in s) error {
			cfg := streams.GroupConfig{Max: 3, Idle: time.Nanosecond}
			return streams.GroupBy(ctx, in, cfg, func(n int) int { return n / 100 }, func(ctx context.Context, k int, in s) error {
				if k == 4 {
					return errors.Join(in.Drain(ctx), errBoom)
				}
				return in.Drain(ctx)
			})
		}, errBoom},
		"groups, one panics": {func(ctx context.Context, in s) error {
			return streams.GroupBy(ctx, in, streams.GroupConfig{Max: 3}, func(n int) int { return n % 5 }, func(context.Context, int, s) error { panic(errBoom) })
		}, errBoom},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				src := newCounting()
				if err := c.run(t.Context(), streams.FromSeq(src.seq())); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
					t.Fatalf("got error %v, want %v", err, c.want)
				}
				requireStopped(t, src)
			}
		})
	}
}
