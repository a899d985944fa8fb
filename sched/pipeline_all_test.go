package sched_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// upTo gives 0 to n-1.
func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// exhaust takes all results, whatever they are.
func exhaust[T any](results iter.Seq2[T, error]) {
	results(func(T, error) bool { return true })
}

// bothOrders runs a test for ordered and for unordered sequences.
func bothOrders(t *testing.T, f func(t *testing.T, cfg sched.PipelineConfig)) {
	t.Helper()
	for name, unordered := range map[string]bool{"ordered": false, "unordered": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { f(t, sched.PipelineConfig{Unordered: unordered}) })
		})
	}
}

// slowFirst takes the longer the sooner a number comes, and fails those that end in 3.
func slowFirst() sched.Stages[int, int] {
	return sched.NewStage("a", sched.StageConfig{Workers: 10, Queue: 10}, func(ctx context.Context, n int) (int, error) {
		if n%10 == 3 {
			return n, errStep
		}
		return taking(time.Duration(10-n)*time.Second, same)(ctx, n)
	})
}

func TestAllGivesResultsInOrder(t *testing.T) {
	t.Parallel()
	bothOrders(t, func(t *testing.T, cfg sched.PipelineConfig) {
		p := newPipeline(t, cfg, slowFirst())
		var got []string
		for n, err := range p.All(t.Context(), upTo(10)) {
			entry := fmt.Sprint(n)
			if err != nil {
				entry = err.Error()
			}
			got = append(got, entry)
		}
		failed := `sched: pipeline "images" failed at stage "a": declined`
		want := []string{"0", "1", "2", failed, "4", "5", "6", "7", "8", "9"}
		if cfg.Unordered {
			want = []string{failed, "9", "8", "7", "6", "5", "4", "2", "1", "0"}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

func TestAllGivesAResultAsSoonAsItIsThere(t *testing.T) {
	t.Parallel()
	bothOrders(t, func(t *testing.T, cfg sched.PipelineConfig) {
		p := newPipeline(t, cfg, sched.NewStage("a", sched.StageConfig{}, taking(time.Second, same)))
		slow := func(yield func(int) bool) {
			for i := 0; i < 3 && yield(i); i++ {
				<-time.After(time.Minute)
			}
		}
		start, at := time.Now(), []time.Duration{}
		for _, err := range p.All(t.Context(), slow) {
			if err != nil {
				t.Error(err)
			}
			at = append(at, time.Since(start))
		}
		if want := []time.Duration{time.Second, 61 * time.Second, 121 * time.Second}; !slices.Equal(at, want) {
			t.Errorf("results at %v, want %v", at, want)
		}
	})
}

func TestAllHoldsNoMoreThanMaxInFlight(t *testing.T) {
	t.Parallel()
	bothOrders(t, func(t *testing.T, cfg sched.PipelineConfig) {
		for _, c := range []struct{ limit, want int }{{0, 2 + 3}, {1, 1}, {4, 4}, {100, 100}} {
			cfg.MaxInFlight = c.limit
			p := newPipeline(t, cfg, sched.NewStage("a", sched.StageConfig{Workers: 2, Queue: 3}, taking(0, same)))
			var asked atomic.Int64
			seq := func(yield func(int) bool) {
				for yield(0) {
					asked.Add(1)
				}
			}
			taken := 0
			for _, err := range p.All(t.Context(), seq) {
				if err != nil {
					t.Error(err)
				}
				if taken++; taken == 10 {
					break
				}
				<-time.After(time.Second) // time enough for all that may come in
				if inside := int(asked.Load()) - taken; inside != c.want {
					t.Errorf("MaxInFlight %d: %d items beyond those taken, want %d", c.limit, inside, c.want)
				}
			}
		}
	})
}

func TestAllHoldsNoMoreThanMaxInFlightBehindASlowItem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var most atomic.Int64
		p := newPipeline(t, sched.PipelineConfig{MaxInFlight: 7}, sched.NewStage("a", sched.StageConfig{Workers: 2}, func(ctx context.Context, n int) (int, error) {
			if most.Store(int64(n)); n == 0 {
				<-time.After(time.Hour)
			}
			return n, nil
		}))
		next := 0
		for n, err := range p.All(t.Context(), upTo(50)) {
			if n != next || err != nil {
				t.Errorf("got %d and %v, want %d", n, err, next)
			}
			if n == 0 && most.Load() > 7 {
				t.Errorf("%d came in before the first was done, want at most 7", most.Load())
			}
			next++
		}
		if next != 50 {
			t.Errorf("%d results, want 50", next)
		}
	})
}

func TestAllEndsWhenTheLoopIsLeft(t *testing.T) {
	t.Parallel()
	bothOrders(t, func(t *testing.T, cfg sched.PipelineConfig) {
		var ended atomic.Int64
		p := newPipeline(t, cfg, sched.NewStage("a", sched.StageConfig{Workers: 3, Queue: 5}, func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				return n, nil
			}
			<-ctx.Done()
			ended.Add(1)
			return n, ctx.Err()
		}))
		returned := false
		seq := func(yield func(int) bool) {
			defer func() { returned = true }()
			upTo(1000)(yield)
		}
		for n, err := range p.All(t.Context(), seq) {
			if n != 0 || err != nil {
				t.Errorf("got %d and %v", n, err)
			}
			synctest.Wait()
			break
		}
		if s := p.Stats(); !returned || s.Active != 0 || ended.Load() != 3 || s.Completed != 1 || s.Failed != 8 {
			t.Errorf("seq has returned: %v, %d were ended; got %+v", returned, ended.Load(), s)
		}
	})
}

func TestAllEndsWhenTheLoopPanics(t *testing.T) {
	t.Parallel()
	bothOrders(t, func(t *testing.T, cfg sched.PipelineConfig) {
		p := newPipeline(t, cfg, sched.NewStage("a", sched.StageConfig{}, taking(time.Second, same)))
		defer func() {
			if v := recover(); v != "enough" || p.Stats().Active != 0 {
				t.Errorf("got %v and %+v", v, p.Stats())
			}
		}()
		for _, err := range p.All(t.Context(), upTo(100)) {
			if err == nil {
				panic("enough")
			}
		}
	})
}

func TestAllReportsASequenceThatBreaks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func()
		want string
	}{
		"by a panic":  {func() { panic("no more") }, `sched: pipeline "images" got no more items: core: task panicked: no more`},
		"by a Goexit": {runtime.Goexit, `sched: pipeline "images" got no more items: core: task ended its goroutine`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothOrders(t, func(t *testing.T, cfg sched.PipelineConfig) {
				cfg.MaxInFlight = 1
				p := newPipeline(t, cfg, sched.NewStage("a", sched.StageConfig{}, taking(time.Second, same)))
				seq := func(yield func(int) bool) {
					upTo(3)(yield)
					c.end()
				}
				results, last := 0, error(nil)
				for _, err := range p.All(t.Context(), seq) {
					results++
					last = err
				}
				if results != 4 || fmt.Sprint(last) != c.want || core.ErrorType(last) != core.TypePanic {
					t.Errorf("got %d results, the last %v, want 4 and %s", results, last, c.want)
				}
			})
		})
	}
}

func TestAllEndsWithItsContext(t *testing.T) {
	t.Parallel()
	gone := errors.New("the shop closes")
	bothOrders(t, func(t *testing.T, cfg sched.PipelineConfig) {
		p := newPipeline(t, cfg, sched.NewStage("a", sched.StageConfig{Workers: 2, Queue: 2}, taking(time.Second, same)))
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3500*time.Millisecond, func() { cancel(gone) })
		var good, bad int
		for _, err := range p.All(ctx, upTo(1000)) {
			switch {
			case err == nil:
				good++
			case errors.Is(err, gone):
				bad++
			default:
				t.Errorf("got %v, want the cause", err)
			}
		}
		// Two in each of three seconds; then four were inside, and the one that came next says why no more did.
		if s := p.Stats(); good != 6 || bad != 5 || s.Completed != 6 || s.Failed != 4 {
			t.Errorf("%d were good and %d bad, want 6 and 5; got %+v", good, bad, s)
		}
	})
}

func TestAllEndsWhenThePipelineIsStopped(t *testing.T) {
	t.Parallel()
	bothOrders(t, func(t *testing.T, cfg sched.PipelineConfig) {
		p := newPipeline(t, cfg, sched.NewStage("a", sched.StageConfig{Workers: 2, Queue: 2}, taking(time.Second, same)))
		time.AfterFunc(3500*time.Millisecond, func() {
			if err := p.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
		var good int
		var errs []string
		for _, err := range p.All(t.Context(), upTo(1000)) {
			if err == nil {
				good++
				continue
			}
			errs = append(errs, err.Error())
		}
		if good != 10 || strings.Join(errs, " ") != `sched: pipeline "images" is stopped` {
			t.Errorf("%d were good, %q, want 10 and one that says why", good, errs)
		}
	})
}

func TestAllOfNothingIsEmpty(t *testing.T) {
	t.Parallel()
	bothOrders(t, func(t *testing.T, cfg sched.PipelineConfig) {
		p := newPipeline(t, cfg, slowFirst())
		for n, err := range p.All(t.Context(), upTo(0)) {
			t.Errorf("got %d and %v", n, err)
		}
	})
}
