package streams_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// forever gives an item without end.
func forever(_ context.Context, n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for yield(n) {
		}
	}
}

// times gives an item as often as it says.
func times(_ context.Context, n int) iter.Seq[int] { return slices.Values(slices.Repeat([]int{n}, n)) }

// marked gives an item and what it is the how-manieth of.
func marked(_ context.Context, n int) iter.Seq[[2]int] {
	return func(yield func([2]int) bool) {
		for i := 0; i < n && yield([2]int{n, i}); i++ {
		}
	}
}

func TestExpandGivesEachItemAtLeastOnceAndInOrderWhateverTheChunks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		items := rapid.SliceOfN(rapid.IntRange(0, 30), 0, 60).Draw(rt, "items")
		want := slices.DeleteFunc(slices.Clone(items), func(n int) bool { return n == 0 }) // which gives none
		for from, make := range sources(items) {
			for length, chunk := range chunkings() {
				all, err := streams.Expand(streams.WithChunk(make(), chunk), marked).Collect(context.Background())
				if err != nil {
					rt.Fatal(err)
				}
				var got []int
				for i, v := range all {
					if v[1] == 0 {
						got = append(got, v[0])
					} else if all[i-1] != [2]int{v[0], v[1] - 1} {
						rt.Fatalf("from %s in chunks of %s: got %v after %v", from, length, v, all[i-1])
					}
				}
				if !slices.Equal(got, want) {
					rt.Fatalf("from %s in chunks of %s: got %v, want the firsts of %v", from, length, all, want)
				}
			}
		}
	})
}

func TestExpandGivesMoreOfAnItemUntilTheNextComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := make(chan int)
		go func() {
			defer close(in)
			for i := range 3 { // at 0, 10, 20 s
				in <- i
				<-time.After(10 * time.Second)
			}
		}()
		got := map[int]int{}
		reader := func(_ context.Context, n int) error { // asks every 7 s: at 0, 7, 14, 21, 28
			got[n]++
			<-time.After(7 * time.Second)
			return nil
		}
		if err := streams.Expand(streams.FromChannel(in), forever).ForEach(t.Context(), reader); err != nil {
			t.Fatal(err)
		}
		if want := map[int]int{0: 2, 1: 1, 2: 2}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestTheNextItemEndsASequenceThatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		every := func(ctx context.Context, n int) iter.Seq[int] {
			return func(yield func(int) bool) {
				for yield(n) {
					select {
					case <-time.After(time.Minute):
					case <-ctx.Done():
						return
					}
				}
			}
		}
		began, at := time.Now(), map[int][]time.Duration{}
		in := streams.WithChunk(visits(200, visit{0, "a"}, visit{70, "b"}), func() int { return 1 })
		lengths := streams.Map(in, func(_ context.Context, k string) (int, error) { return int(k[0] - 'a'), nil })
		err := streams.Expand(lengths, every).ForEach(t.Context(), func(_ context.Context, n int) error {
			at[n] = append(at[n], time.Since(began)/time.Second)
			return nil
		})
		if err != nil || fmt.Sprint(at) != "map[0:[0s 60ns] 1:[70ns 130ns 190ns]]" {
			t.Errorf("got %v and error %v, want items at 0, 60 and 70, 130, 190 s", at, err)
		}
		if took := time.Since(began); took != 200*time.Second {
			t.Errorf("it took %v, want 200s: the end of the stream ends the last sequence", took)
		}
	})
}

func TestNothingGoesOnAfterAnExpandedStreamEndsAtAnyItem(t *testing.T) {
	for name, f := range map[string]func(context.Context, int) iter.Seq[int]{"endless": forever, "finite": times} {
		t.Run(name, func(t *testing.T) {
			for k := 1; k < 30; k++ {
				src := newCounting()
				got, err := streams.Expand(streams.FromSeq(src.seq()), f).Take(k).Collect(t.Context())
				if err != nil || len(got) != k {
					t.Fatalf("take %d: got %d items and error %v", k, len(got), err)
				}
				requireStopped(t, src)
				src = newCounting()
				ctx, cancel := context.WithCancelCause(t.Context())
				err = streams.Expand(streams.FromSeq(src.seq()), f).ForEach(ctx, func(_ context.Context, n int) error {
					if n >= k {
						cancel(errBoom)
					}
					return nil
				})
				if err != errBoom {
					t.Fatalf("item %d: got error %v, want the cause of the context's end", k, err)
				}
				requireStopped(t, src)
			}
		})
	}
}

func TestExpandHandsOnWhatCameBeforeTheErrorOfThoseAbove(t *testing.T) {
	t.Parallel()
	got, err := streams.Expand(streams.Map(streams.FromSlice([]int{1, 2, 13}), unless), forever).Collect(t.Context())
	requireStage(t, err, "map", errBoom)
	requireItems(t, slices.Compact(got), 2, 3)
}

func TestASequenceThatPanicsEndsTheRun(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(context.Context, int) iter.Seq[int]{
		"the function": func(context.Context, int) iter.Seq[int] { panic(errBoom) },
		"its sequence": func(context.Context, int) iter.Seq[int] { return func(func(int) bool) { panic(errBoom) } },
		"its sequence, later": func(context.Context, int) iter.Seq[int] {
			return func(yield func(int) bool) { yield(1); yield(2); panic(errBoom) }
		},
		"a sequence that does not end": func(context.Context, int) iter.Seq[int] {
			return func(yield func(int) bool) {
				for {
					yield(1)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := streams.Expand(streams.FromSlice([]int{1}), f).Drain(t.Context())
			var p *core.PanicError
			requireStage(t, err, "expand", err)
			if !errors.As(err, &p) || len(p.Stack) == 0 {
				t.Errorf("got error %v, want a panic with its stack", err)
			}
		})
	}
}

func ExampleExpand() {
	prices := make(chan int, 1)
	prices <- 100 // and no other for a while
	asked := streams.Expand(streams.FromChannel(prices), func(_ context.Context, price int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for yield(price) {
			}
		}
	})
	fmt.Println(asked.Take(3).Collect(context.Background()))
	// Output: [100 100 100] <nil>
}
