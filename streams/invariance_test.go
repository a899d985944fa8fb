package streams_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/streams"
)

// step is an operator and what it does to a slice, in plain code. A panic or error at an item ends
// both.
type step struct {
	name  string
	build func(streams.Stream[int]) streams.Stream[string]
	model func([]int) ([]string, error)
}

// text makes items comparable that have different types.
func text[T any](s streams.Stream[T]) streams.Stream[string] {
	return streams.Map(s, func(_ context.Context, v T) (string, error) { return fmt.Sprint(v), nil })
}

func texts[T any](items ...T) []string {
	var all []string
	for _, v := range items {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

// unless is a function that fails at 13.
func unless(_ context.Context, n int) (int, error) {
	if n == 13 {
		return 0, errBoom
	}
	return n + 1, nil
}

func modelUnless(in []int) ([]string, error) {
	var out []int
	for _, v := range in {
		if v == 13 {
			return texts(out...), errBoom
		}
		out = append(out, v+1)
	}
	return texts(out...), nil
}

// prefix is the items before the first that ok does not approve.
func prefix(in []int, ok func(int) bool) []int {
	if i := slices.IndexFunc(in, func(v int) bool { return !ok(v) }); i >= 0 {
		return in[:i]
	}
	return in
}

func modelKeep(in []int, keep func(int) bool) []string {
	var out []int
	for _, v := range in {
		if keep(v) {
			out = append(out, v)
		}
	}
	return texts(out...)
}

func modelChunks(in []int, size int) []string {
	var out [][]int
	for c := range slices.Chunk(in, size) {
		out = append(out, c)
	}
	return texts(out...)
}

// modelBytes is batches of at most 20 bytes, where an item n has n bytes.
func modelBytes(in []int) []string {
	var out [][]int
	var open []int
	sum := 0
	for _, v := range in {
		if sum+v > 20 && len(open) > 0 {
			out, open, sum = append(out, open), nil, 0
		}
		open, sum = append(open, v), sum+v
		if sum >= 20 {
			out, open, sum = append(out, open), nil, 0
		}
	}
	if len(open) > 0 {
		out = append(out, open)
	}
	return texts(out...)
}

func steps() []step {
	type in = streams.Stream[int]
	type out = streams.Stream[string]
	plain := func(f func([]int) []string) func([]int) ([]string, error) {
		return func(items []int) ([]string, error) { return f(items), nil }
	}
	below := func(v int) bool { return v < 12 }
	repeat := func(_ context.Context, n int) ([]int, error) {
		if n == 13 {
			return nil, errBoom
		}
		return slices.Repeat([]int{n}, n%3), nil
	}
	modelRepeat := func(items []int) ([]string, error) {
		var got []int
		for _, v := range items {
			if v == 13 {
				return texts(got...), errBoom
			}
			got = append(got, slices.Repeat([]int{v}, v%3)...)
		}
		return texts(got...), nil
	}
	sum := func(_ context.Context, acc, n int) (int, error) { return unless(context.Background(), acc+n-1) }
	modelSum := func(items []int) ([]string, error) {
		var got []int
		acc := 0
		for _, v := range items {
			if acc += v - 1; acc == 13 {
				return texts(got...), errBoom
			}
			acc++
			got = append(got, acc)
		}
		return texts(got...), nil
	}
	modelSkip := plain(func(items []int) []string {
		var got []int
		for _, v := range items {
			if v != 13 {
				got = append(got, v+1)
			}
		}
		return texts(got...)
	})
	return []step{
		{"filter", func(s in) out { return text(s.Filter(even)) }, plain(func(v []int) []string { return modelKeep(v, even) })},
		{"tap", func(s in) out { return text(s.Tap(func(int) {})) }, plain(func(v []int) []string { return texts(v...) })},
		{"take", func(s in) out { return text(s.Take(7)) }, plain(func(v []int) []string { return texts(v[:min(7, len(v))]...) })},
		{"take after filter", func(s in) out { return text(s.Filter(even).Take(3)) }, plain(func(v []int) []string { k := modelKeep(v, even); return k[:min(3, len(k))] })},
		{"skip", func(s in) out { return text(s.Skip(7)) }, plain(func(v []int) []string { return texts(v[min(7, len(v)):]...) })},
		{"takewhile", func(s in) out { return text(s.TakeWhile(below)) }, plain(func(v []int) []string { return texts(prefix(v, below)...) })},
		{"dropwhile", func(s in) out { return text(s.DropWhile(below)) }, plain(func(v []int) []string { return texts(v[len(prefix(v, below)):]...) })},
		{"map", func(s in) out { return text(streams.Map(s, unless)) }, modelUnless},
		{"map, skipping errors", func(s in) out { return text(streams.Map(s.SkipErrors(), unless)) }, modelSkip},
		{"map in parallel", func(s in) out { return text(streams.Map(s.Parallel(3), unless)) }, modelUnless},
		{"map in parallel, skipping errors", func(s in) out { return text(streams.Map(s.Parallel(3).SkipErrors(), unless)) }, modelSkip},
		{"flatmap", func(s in) out { return text(streams.FlatMap(s, repeat)) }, modelRepeat},
		{"flatmap in parallel", func(s in) out { return text(streams.FlatMap(s.Parallel(2), repeat)) }, modelRepeat},
		{"scan", func(s in) out { return text(streams.Scan(s, 0, sum)) }, modelSum},
		{"batch", func(s in) out { return text(streams.Batch(s, 5, 0)) }, plain(func(v []int) []string { return modelChunks(v, 5) })},
		{"batch with a wait", func(s in) out { return text(streams.Batch(s, 5, time.Hour)) }, plain(func(v []int) []string { return modelChunks(v, 5) })},
		{"batch of bytes", func(s in) out {
			return text(streams.BatchBy(s, streams.BatchConfig[int]{Bytes: 20, Size: func(n int) int { return n }}))
		}, plain(modelBytes)},
		{"batch and take", func(s in) out { return text(streams.Batch(s, 5, 0).Take(2)) }, plain(func(v []int) []string { c := modelChunks(v, 5); return c[:min(2, len(c))] })},
		{"flatten", func(s in) out { return text(streams.Flatten(streams.Batch(s, 5, 0))) }, plain(func(v []int) []string { return texts(v...) })},
		{"sorted", func(s in) out { return text(streams.Sorted(s, 1000)) }, plain(func(v []int) []string { return texts(slices.Sorted(slices.Values(v))...) })},
		{"sorted backwards", func(s in) out {
			return text(s.Sorted(1000, func(a, b int) int { return cmp.Compare(b, a) }))
		}, plain(func(v []int) []string { c := slices.Sorted(slices.Values(v)); slices.Reverse(c); return texts(c...) })},
		{"distinct", func(s in) out { return text(streams.Distinct(s, 1000)) }, plain(modelDistinct(1000))},
		{"distinct that forgets", func(s in) out { return text(streams.Distinct(s, 4)) }, plain(modelDistinct(4))},
		{"expand to one", func(s in) out {
			return text(streams.Expand(s, func(_ context.Context, n int) iter.Seq[int] { return slices.Values([]int{n}) }))
		}, plain(func(v []int) []string { return texts(v...) })},
		{"buffer", func(s in) out { return text(s.Buffer(3, streams.Block)) }, plain(func(v []int) []string { return texts(v...) })},
	}
}

func modelDistinct(max int) func([]int) []string {
	return func(in []int) []string {
		var seen, out []int
		for _, v := range in {
			if slices.Contains(seen, v) {
				continue
			}
			out, seen = append(out, v), append(seen, v)
			seen = seen[max0(len(seen)-max):]
		}
		return texts(out...)
	}
}

func max0(n int) int { return max(n, 0) }

// sources give the same items in different ways.
func sources(items []int) map[string]func() streams.Stream[int] {
	return map[string]func() streams.Stream[int]{
		"slice": func() streams.Stream[int] { return streams.FromSlice(items) },
		"seq":   func() streams.Stream[int] { return streams.FromSeq(slices.Values(items)) },
		"channel": func() streams.Stream[int] {
			in := make(chan int, len(items))
			for _, v := range items {
				in <- v
			}
			close(in)
			return streams.FromChannel(in)
		},
		"generate": func() streams.Stream[int] {
			i := -1
			return streams.Generate(func(context.Context) (int, bool, error) {
				if i++; i < len(items) {
					return items[i], true, nil
				}
				return 0, false, nil
			})
		},
		"pull": func() streams.Stream[int] {
			left := items
			return streams.Pull(func(context.Context) (item int, ok bool, err error) {
				if len(left) == 0 {
					return 0, false, nil
				}
				item, left = left[0], left[1:]
				return item, true, nil
			})
		},
	}
}

func TestEveryStepGivesTheSameWhateverTheChunks(t *testing.T) {
	t.Parallel()
	for _, st := range steps() {
		t.Run(st.name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				items := rapid.SliceOfN(rapid.IntRange(0, 30), 0, 60).Draw(rt, "items")
				want, wantErr := st.model(items)
				for from, make := range sources(items) {
					for length, chunk := range chunkings() {
						got, err := streams.WithChunk(st.build(make()), chunk).Collect(context.Background())
						if !errors.Is(err, wantErr) || (err == nil) != (wantErr == nil) {
							rt.Fatalf("from %s in chunks of %s: got error %v, want %v", from, length, err, wantErr)
						}
						if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
							rt.Fatalf("from %s in chunks of %s: got %v, want %v", from, length, got, want)
						}
					}
				}
			})
		})
	}
}

func TestUnorderedAndByKeyGiveTheSameItems(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		items := rapid.SliceOfN(rapid.IntRange(0, 30), 0, 200).Draw(rt, "items")
		for length, chunk := range chunkings() {
			s := streams.WithChunk(streams.FromSlice(items), chunk)
			any, err := streams.Map(s.Parallel(4).Unordered(), double).Collect(context.Background())
			if err != nil {
				rt.Fatal(err)
			}
			keyed, err := streams.Map(streams.ParallelBy(s, 4, func(n int) int { return n % 5 }), double).Collect(context.Background())
			if err != nil {
				rt.Fatal(err)
			}
			for k := range 5 {
				of := func(in []int, scale int) (out []int) {
					for _, v := range in {
						if v/scale%5 == k {
							out = append(out, v*2/scale)
						}
					}
					return out
				}
				if got, want := of(keyed, 2), of(items, 1); !slices.Equal(got, want) {
					rt.Fatalf("chunks of %s, key %d: got %v, want %v", length, k, got, want)
				}
			}
			want := slices.Clone(items)
			for i := range want {
				want[i] *= 2
			}
			slices.Sort(any)
			slices.Sort(want)
			if !slices.Equal(any, want) {
				rt.Fatalf("unordered in chunks of %s: got %v, want %v", length, any, want)
			}
		}
	})
}
