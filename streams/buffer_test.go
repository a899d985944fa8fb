package streams_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// overload sends twenty items at once to a buffer of three, whose reader takes a minute for each.
func overload(t *testing.T, o streams.Overflow) (got, dropped []int, err error) {
	t.Helper()
	in := streams.FromSlice(numbers(20)).OnDrop(func(items []int) { dropped = append(dropped, items...) })
	err = in.Buffer(3, o).ForEach(t.Context(), func(_ context.Context, n int) error {
		<-time.After(time.Minute)
		got = append(got, n)
		return nil
	})
	return got, dropped, err
}

func TestBufferDoesWhatItsStrategySays(t *testing.T) {
	t.Parallel()
	for _, o := range []streams.Overflow{streams.Block, streams.DropNewest, streams.DropOldest, streams.Latest, streams.Fail} {
		t.Run(o.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				got, dropped, err := overload(t, o)
				all := slices.Concat(got, dropped)
				slices.Sort(all)
				if !slices.IsSorted(got) {
					t.Errorf("got %v, want the order kept", got)
				}
				switch o {
				case streams.Fail:
					requireStage(t, err, "buffer", core.ErrRejected)
					if core.ErrorType(err) != core.TypeQueueFull {
						t.Errorf("got type %q, want queue_full", core.ErrorType(err))
					}
					requireItems(t, got, 0, 1, 2)
					return
				case streams.Block:
					requireItems(t, got, numbers(20)...)
				case streams.DropNewest:
					requireItems(t, got[:3], 0, 1, 2)
				case streams.DropOldest:
					requireItems(t, got[len(got)-3:], 17, 18, 19)
				case streams.Latest:
					requireItems(t, got[len(got)-1:], 19)
				}
				if err != nil {
					t.Error(err)
				}
				requireItems(t, all, numbers(20)...)
			})
		})
	}
}

func TestNothingIsLostUncounted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(1, 70).Draw(rt, "size")
		total := rapid.IntRange(0, 500).Draw(rt, "total")
		o := rapid.SampledFrom([]streams.Overflow{streams.Block, streams.DropNewest, streams.DropOldest, streams.Latest}).Draw(rt, "strategy")
		var dropped []int
		s := streams.FromSlice(numbers(total)).OnDrop(func(items []int) { dropped = append(dropped, items...) })
		got, err := s.Buffer(size, o).Collect(context.Background())
		if err != nil || !slices.IsSorted(got) {
			rt.Fatalf("got %v and error %v", got, err)
		}
		all := slices.Concat(got, dropped)
		slices.Sort(all)
		if !slices.Equal(all, numbers(total)) {
			rt.Fatalf("got %v, dropped %v of %d", got, dropped, total)
		}
	})
}

func TestBufferHandsOnWhatWaitsBeforeTheErrorOfThoseAbove(t *testing.T) {
	t.Parallel()
	got, err := streams.Map(streams.FromSlice([]int{1, 2, 13}), unless).Buffer(10, streams.Block).Collect(t.Context())
	requireStage(t, err, "map", errBoom)
	requireItems(t, got, 2, 3)
}

func TestBlockMakesTheSourceWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		in := streams.Generate(func(context.Context) (int, bool, error) { read++; return read, true, nil })
		err := in.Buffer(100, streams.Block).ForEach(ctx, func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || read < 100 || read > 100+1+1024 {
			t.Errorf("it read %d items and ended with %v", read, err)
		}
	})
}

func TestBatchIsHandedOnWhenItsFirstItemHasWaited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, began := make(chan int), time.Now()
		go func() {
			defer close(in)
			for i := range 10 { // at 0, 4, 8, ... 36 s
				in <- i
				<-time.After(4 * time.Second)
			}
		}()
		var at []time.Duration
		got := collect(t, streams.Batch(streams.FromChannel(in), 5, 10*time.Second).Tap(func([]int) { at = append(at, time.Since(began)) }))
		want := [][]int{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {9}}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("got batches %v, want %v", got, want)
		}
		requireItems(t, at, 10*time.Second, 22*time.Second, 34*time.Second, 40*time.Second)
	})
}

func TestAFullBatchStartsTheWaitAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, began := make(chan int), time.Now()
		go func() {
			for i := range 3 { // at 0, 6, 12 s
				in <- i
				<-time.After(6 * time.Second)
			}
			<-time.After(time.Hour)
			close(in)
		}()
		var at []time.Duration
		collect(t, streams.Batch(streams.FromChannel(in), 2, 10*time.Second).Tap(func([]int) { at = append(at, time.Since(began)) }))
		requireItems(t, at, 6*time.Second, 22*time.Second)
	})
}

func TestBatchesAreTheReceiversOwn(t *testing.T) {
	t.Parallel()
	got := collect(t, streams.Batch(streams.FromSlice(numbers(10)), 4, time.Hour).Tap(func(b []int) { clear(b) }))
	for _, b := range got {
		b = append(b, 1)
		_ = b
	}
	if !slices.EqualFunc(got, [][]int{{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0}}, slices.Equal) {
		t.Errorf("got %v", got)
	}
}
