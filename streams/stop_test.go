package streams_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// counting is an endless source that notes how often it was opened and closed.
// It also knows what ran before the run, so who makes one does not run in parallel with others.
type counting struct {
	opened, closed, read atomic.Int64
	before               goleak.Option
}

func newCounting() *counting { return &counting{before: goleak.IgnoreCurrent()} }

func (c *counting) seq() iter.Seq[int] {
	return func(yield func(int) bool) {
		c.opened.Add(1)
		defer c.closed.Add(1)
		for i := 0; ; i++ {
			c.read.Add(1)
			if !yield(i) {
				return
			}
		}
	}
}

// shapes are streams with each sort of step that runs goroutines, and without.
func shapes() map[string]func(streams.Stream[int]) streams.Stream[int] {
	type s = streams.Stream[int]
	return map[string]func(s) s{
		"serial":    func(in s) s { return streams.Map(in.Filter(func(int) bool { return true }), same) },
		"parallel":  func(in s) s { return streams.Map(in.Parallel(4), same) },
		"unordered": func(in s) s { return streams.Map(in.Parallel(4).Unordered(), same) },
		"by key":    func(in s) s { return streams.Map(streams.ParallelBy(in, 4, func(n int) int { return n % 7 }), same) },
		"flatmap": func(in s) s {
			return streams.FlatMap(in.Parallel(4), func(_ context.Context, n int) ([]int, error) { return []int{n}, nil })
		},
		"buffer":      func(in s) s { return in.Buffer(10, streams.Block) },
		"slide":       func(in s) s { return in.Buffer(10, streams.DropOldest) },
		"timed batch": func(in s) s { return streams.Flatten(streams.Batch(in, 3, time.Hour)) },
		"spill":       func(in s) s { return in.Spill(10, &memoryQueue{}, decimal{}) },
		"conflate": func(in s) s {
			return streams.Flatten(streams.Conflate(in, func(n int) []int { return []int{n} },
				func(acc []int, n int) []int { acc[0] = n; return acc }))
		},
		"expand": func(in s) s { return streams.Expand(in, times) },
		"merge":  func(in s) s { return streams.Merge(in, streams.FromSlice[int](nil)) },
		"tee": func(in s) s {
			return in.Tee(func(ctx context.Context, in streams.Stream[int]) error { return in.Drain(ctx) })
		},
		"all": func(in s) s {
			in = streams.Map(in.Parallel(3), same).Buffer(5, streams.Block)
			return streams.Map(streams.Flatten(streams.Batch(in, 3, time.Hour)).Parallel(3).Unordered(), same)
		},
	}
}

func same(_ context.Context, n int) (int, error) { return n, nil }

// requireStopped checks that nothing of a run goes on, and that its source, if it was opened, was closed once.
func requireStopped(t *testing.T, src *counting) {
	t.Helper()
	if o, c := src.opened.Load(), src.closed.Load(); o != c || o > 1 {
		t.Errorf("the source was opened %d and closed %d times, want at most once", o, c)
	}
	if err := goleak.Find(src.before); err != nil {
		t.Error(err)
	}
}

func TestNothingGoesOnAfterAStopAtAnyItem(t *testing.T) {
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			for k := 1; k < 30; k++ {
				src := newCounting()
				got, err := shape(streams.FromSeq(src.seq())).Take(k).Collect(t.Context())
				if err != nil || len(got) != k {
					t.Fatalf("take %d: got %d items and error %v", k, len(got), err)
				}
				requireStopped(t, src)
				src, n := newCounting(), 0
				for _, err := range shape(streams.FromSeq(src.seq())).Seq(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					if n++; n == k {
						break
					}
				}
				requireStopped(t, src)
			}
		})
	}
}

func TestNothingGoesOnAfterAnErrorAtAnyItem(t *testing.T) {
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			for k := range 25 {
				src := newCounting()
				failing := func(_ context.Context, n int) (int, error) {
					switch {
					case n == k && k%2 == 0:
						panic(errBoom)
					case n == k:
						return 0, errBoom
					}
					return n, nil
				}
				err := streams.Map(shape(streams.Map(streams.FromSeq(src.seq()), failing)).Parallel(2), same).Drain(t.Context())
				requireStage(t, err, "map", errBoom)
				requireStopped(t, src)
				src = newCounting()
				seen := 0
				err = shape(streams.FromSeq(src.seq())).ForEach(t.Context(), func(context.Context, int) error {
					if seen++; seen > k {
						return errBoom
					}
					return nil
				})
				requireStage(t, err, "foreach", errBoom)
				requireStopped(t, src)
			}
		})
	}
}

func requireStage(t *testing.T, err error, stage string, cause error) {
	t.Helper()
	var at *streams.StageError
	if !errors.As(err, &at) || at.Stage != stage || !errors.Is(err, cause) {
		t.Fatalf("got error %v, want %v of stage %q", err, cause, stage)
	}
}

func TestNothingGoesOnAfterTheContextEnds(t *testing.T) {
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			for k := range 25 {
				src := newCounting()
				ctx, cancel := context.WithCancelCause(t.Context())
				err := shape(streams.FromSeq(src.seq())).ForEach(ctx, func(_ context.Context, n int) error {
					if n >= k {
						cancel(errBoom)
					}
					return nil
				})
				if err != errBoom {
					t.Fatalf("got error %v, want the cause of the context's end", err)
				}
				requireStopped(t, src)
			}
		})
	}
}

func TestNothingGoesOnAfterACancelAtAnyTime(t *testing.T) {
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			for range 15 {
				src := newCounting()
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+rand.IntN(500))*time.Microsecond)
				err := shape(streams.FromSeq(src.seq())).Drain(ctx)
				cancel()
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("got error %v, want the deadline", err)
				}
				requireStopped(t, src)
			}
		})
	}
}

func TestAWaitingRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			never := make(chan int)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			err := shape(streams.FromChannel(never)).Drain(ctx)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got error %v, want the end of the context", err)
			}
		})
	}
}

func TestAPanicAnywhereIsAnErrorWithTheStageAndTheStack(t *testing.T) {
	t.Parallel()
	boom := func(int) bool { panic("boom") }
	in := streams.FromSlice(numbers(10))
	for stage, run := range map[string]func(ctx context.Context) error{
		"filter":    func(ctx context.Context) error { return in.Filter(boom).Drain(ctx) },
		"tap":       func(ctx context.Context) error { return in.Tap(func(int) { panic("boom") }).Drain(ctx) },
		"takewhile": func(ctx context.Context) error { return in.TakeWhile(boom).Drain(ctx) },
		"dropwhile": func(ctx context.Context) error { return in.DropWhile(boom).Drain(ctx) },
		"map": func(ctx context.Context) error {
			return streams.Map(in.Parallel(3), func(context.Context, int) (int, error) { panic("boom") }).Drain(ctx)
		},
		"foreach": func(ctx context.Context) error {
			return in.ForEach(ctx, func(context.Context, int) error { panic("boom") })
		},
		"enrich": func(ctx context.Context) error {
			return streams.FlatMap(in.Stage("enrich"), func(context.Context, int) ([]int, error) { panic("boom") }).Drain(ctx)
		},
		"by": func(ctx context.Context) error {
			return streams.Map(streams.ParallelBy(in, 2, func(int) int { panic("boom") }).Stage("by"), same).Drain(ctx)
		},
		"scan": func(ctx context.Context) error {
			return streams.Scan(in, 0, func(context.Context, int, int) (int, error) { panic("boom") }).Drain(ctx)
		},
		"reduce": func(ctx context.Context) error {
			_, err := streams.Reduce(ctx, in, 0, func(int, int) int { panic("boom") })
			return err
		},
		"fold": func(ctx context.Context) error {
			_, err := streams.Fold(ctx, in, 0, func(context.Context, int, int) (int, error) { panic("boom") })
			return err
		},
		"sorted": func(ctx context.Context) error { return in.Sorted(99, func(int, int) int { panic("boom") }).Drain(ctx) },
		"distinct": func(ctx context.Context) error {
			return streams.DistinctBy(in, 9, func(int) int { panic("boom") }).Drain(ctx)
		},
		"batch": func(ctx context.Context) error {
			return streams.BatchBy(in, streams.BatchConfig[int]{Bytes: 9, Size: func(int) int { panic("boom") }}).Drain(ctx)
		},
		"conflate": func(ctx context.Context) error {
			return streams.Conflate(in, func(int) int { panic("boom") }, func(int, int) int { return 0 }).Drain(ctx)
		},
		"zip": func(ctx context.Context) error {
			return streams.Zip(in, in, func(context.Context, int, int) (int, error) { panic("boom") }).Drain(ctx)
		},
		"partition": func(ctx context.Context) error {
			return streams.Partition(ctx, in, func(int) int { panic("boom") })
		},
		"groupby": func(ctx context.Context) error {
			return streams.GroupBy(ctx, in, streams.GroupConfig{Max: 1}, func(int) int { panic("boom") }, nil)
		},
		"buffer": func(ctx context.Context) error {
			return in.OnDrop(func([]int) { panic("boom") }).Buffer(1, streams.DropNewest).Drain(ctx)
		},
		"any": func(ctx context.Context) error { _, err := in.Any(ctx, boom); return err },
		"all": func(ctx context.Context) error { _, err := in.All(ctx, boom); return err },
		"source": func(ctx context.Context) error {
			return streams.FromSeq(func(func(int) bool) { panic("boom") }).Drain(ctx)
		},
	} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			err := run(t.Context())
			var at *streams.StageError
			var p *core.PanicError
			if !errors.As(err, &at) || at.Stage != stage || !errors.As(err, &p) || p.Value != "boom" || len(p.Stack) == 0 {
				t.Errorf("got error %v, want the panic of stage %q", err, stage)
			}
			if got := core.ErrorType(err); got != core.TypePanic {
				t.Errorf("got type %q, want %q", got, core.TypePanic)
			}
		})
	}
}

func TestUnhashableItemsAreAnErrorNotACrash(t *testing.T) {
	t.Parallel()
	err := streams.Distinct(streams.FromSlice([]any{1, []int{2}}), 10).Drain(t.Context())
	requireStage(t, err, "distinct", err)
}

func TestAPanicInTheLoopOfSeqIsTheCallersOwn(t *testing.T) {
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			src := newCounting()
			defer func() {
				if v := recover(); v != "mine" {
					t.Errorf("recovered %v, want the caller's panic", v)
				}
				requireStopped(t, src)
			}()
			for _, err := range shape(streams.FromSeq(src.seq())).Seq(t.Context()) {
				if err == nil {
					panic("mine")
				}
			}
		})
	}
}

func TestAFunctionThatEndsItsGoroutineEndsTheRun(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		t.Run(fmt.Sprint("ordered ", ordered), func(t *testing.T) {
			src := newCounting()
			in := streams.FromSeq(src.seq()).Parallel(2)
			if !ordered {
				in = in.Unordered()
			}
			err := streams.Map(in, goexit).Drain(t.Context())
			requireStage(t, err, "map", core.ErrAborted)
			requireStopped(t, src)
		})
	}
}
