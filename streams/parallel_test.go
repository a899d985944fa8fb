package streams_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// slowly takes n minutes to give n.
func slowly(ctx context.Context, n int) (int, error) {
	select {
	case <-time.After(time.Duration(n) * time.Minute):
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func TestParallelKeepsTheOrderAndUnorderedGivesTheFastestFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		unordered bool
		want      []int
	}{
		{"ordered", false, []int{5, 1, 3, 2, 4}},
		{"unordered", true, []int{1, 2, 3, 4, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := streams.FromSlice([]int{5, 1, 3, 2, 4}).Parallel(5)
				if c.unordered {
					s = s.Unordered()
				}
				began := time.Now()
				requireItems(t, collect(t, streams.Map(s, slowly)), c.want...)
				if took := time.Since(began); took != 5*time.Minute {
					t.Errorf("it took %v, want 5m: all at the same time", took)
				}
			})
		})
	}
}

func TestParallelReachesItsWidthAndNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		f := func(_ context.Context, n int) (int, error) {
			v := now.Add(1)
			for m := most.Load(); v > m && !most.CompareAndSwap(m, v); m = most.Load() {
			}
			<-time.After(time.Minute)
			now.Add(-1)
			return n, nil
		}
		began := time.Now()
		requireItems(t, collect(t, streams.Map(streams.FromSlice(numbers(100)).Parallel(10), f)), numbers(100)...)
		if took := time.Since(began); most.Load() != 10 || took != 10*time.Minute {
			t.Errorf("%d at the same time took %v, want 10 and 10m", most.Load(), took)
		}
	})
}

func TestParallelReadsAheadOfASlowItemByABoundedNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var read atomic.Int64
		in := streams.Generate(func(context.Context) (int, bool, error) { return int(read.Add(1)), true, nil })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := streams.Map(in.Parallel(4), func(ctx context.Context, n int) (int, error) {
			if n == 1 {
				<-ctx.Done()
			}
			return n, nil
		}).Drain(ctx)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want the deadline", err)
		}
		if n := read.Load(); n > 20*1024 {
			t.Errorf("it read %d items ahead of the slow one", n)
		}
	})
}

func TestByKeyRunsTheItemsOfAKeyOneAfterTheOther(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	running, last := map[int]bool{}, map[int]int{}
	f := func(_ context.Context, n int) (int, error) {
		k := n % 10
		mu.Lock()
		if running[k] || n < last[k] {
			t.Errorf("item %d runs beside or after a later one of its key", n)
		}
		running[k], last[k] = true, n
		mu.Unlock()
		defer func() {
			mu.Lock()
			running[k] = false
			mu.Unlock()
		}()
		return n, nil
	}
	in := streams.ParallelBy(streams.FromSlice(numbers(5000)), 4, func(n int) int { return n % 10 })
	got := collect(t, streams.Map(in, f))
	slices.Sort(got)
	requireItems(t, got, numbers(5000)...)
}

func TestSettingsWaitForTheStepThatTakesThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := streams.FromSlice([]int{1, 1, 1, 1}).Parallel(4).Filter(func(int) bool { return true }).Take(4)
		if err := s.ForEach(t.Context(), func(ctx context.Context, n int) error { _, err := slowly(ctx, n); return err }); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it took %v, want 1m", took)
		}
	})
}

// attempts is a policy that runs a task up to three times.
func attempts(tries *atomic.Int64) core.Policy {
	return core.PolicyFunc(func(ctx context.Context, task core.Task) (err error) {
		for range 3 {
			tries.Add(1)
			if err = task(ctx); err == nil {
				return nil
			}
		}
		return err
	})
}

func TestPoliciesSkippingAndDeadLettersSayWhatHappensToAnItemThatFails(t *testing.T) {
	t.Parallel()
	for _, width := range []int{0, 3} {
		in := func() streams.Stream[int] {
			s := streams.FromSlice([]int{1, 2, 13, 4, 99, 5})
			if width > 0 {
				s = s.Parallel(width)
			}
			return s
		}
		bad := func(_ context.Context, n int) (int, error) {
			if n == 99 {
				panic("99")
			}
			return unless(context.Background(), n)
		}
		var tries atomic.Int64
		got, err := streams.Map(in().WithPolicies(attempts(&tries)), unless).Take(2).Collect(t.Context())
		if err != nil || len(got) != 2 {
			t.Errorf("got %v and error %v", got, err)
		}
		tries.Store(0)
		got, err = streams.Map(in().WithPolicies(attempts(&tries)), unless).Collect(t.Context())
		requireStage(t, err, "map", errBoom)
		requireItems(t, got, 2, 3)
		requireItems(t, collect(t, streams.Map(in().SkipErrors(), bad)), 2, 3, 5, 6)
		var mu sync.Mutex
		var dead []int
		requireItems(t, collect(t, streams.Map(in().DeadLetter(func(_ context.Context, n int, err error) error {
			var at *streams.StageError
			if !errors.As(err, &at) || at.Stage != "map" {
				t.Errorf("the dead letter has error %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			dead = append(dead, n)
			return nil
		}), bad)), 2, 3, 5, 6)
		slices.Sort(dead)
		requireItems(t, dead, 13, 99)
		err = streams.Map(in().DeadLetter(func(context.Context, int, error) error { return errors.New("no room") }), bad).Drain(t.Context())
		if err == nil || err.Error() != `streams: stage "map": no room` {
			t.Errorf("got error %v, want that of the dead letter", err)
		}
	}
}

func TestTheEndOfTheContextIsNoItemsFault(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	err := streams.Map(streams.FromSlice(numbers(10)).SkipErrors(), func(ctx context.Context, n int) (int, error) {
		cancel()
		return n, ctx.Err()
	}).Drain(ctx)
	if err != context.Canceled {
		t.Errorf("got error %v, want the end of the context", err)
	}
}
