package sched_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

var _ core.Service = (*sched.Pipeline[int, int])(nil)

// inTwo makes a pipeline of two stages with one worker each, which take a and b.
func inTwo(t *testing.T, a, b func(context.Context, int) (int, error)) *sched.Pipeline[int, int] {
	t.Helper()
	stages := sched.Then(sched.NewStage("a", sched.StageConfig{}, a), "b", sched.StageConfig{}, b)
	return newPipeline(t, sched.PipelineConfig{}, stages)
}

// putIn puts n items in, and says of each what became of it.
func putIn(ctx context.Context, p *sched.Pipeline[int, int], n int) []*sched.Future[int] {
	futures := make([]*sched.Future[int], n)
	var all sync.WaitGroup
	for i := range futures {
		all.Go(func() { futures[i] = p.Submit(ctx, i) })
	}
	all.Wait()
	return futures
}

func TestStopLetsItemsInsideGoThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := inTwo(t, taking(time.Second, same), taking(10*time.Second, same))
		futures := putIn(t.Context(), p, 5) // at the last b's worker and queue, a's worker and queue are full
		start := time.Now()
		var stops sync.WaitGroup
		for range 3 {
			stops.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if err := p.Stop(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if _, err := p.Process(t.Context(), 1); !errors.Is(err, core.ErrClosed) || fmt.Sprint(err) != `sched: pipeline "images" is stopped` {
			t.Errorf("got %v, want that it is stopped", err)
		}
		if err := p.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "is being stopped") {
			t.Errorf("got %v, want that it is being stopped", err)
		}
		stops.Wait()
		if took := time.Since(start); took < 30*time.Second || took > 50*time.Second {
			t.Errorf("took %v, want as long as b needs for what was inside", took)
		}
		for i, f := range futures {
			if n, err := f.Wait(t.Context()); n != i || err != nil {
				t.Errorf("item %d: got %d and %v", i, n, err)
			}
		}
		if s := p.Stats(); s.Completed != 5 || s.Failed != 0 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestStopEndsWhatDoesNotGoThroughInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := inTwo(t, taking(time.Second, same), taking(time.Hour, same))
		futures := putIn(t.Context(), p, 5)
		<-time.After(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		start := time.Now()
		err := p.Stop(ctx)
		if took := time.Since(start); took != 90*time.Second {
			t.Errorf("took %v, want 9/10 of the time there was", took)
		}
		unfinished, ok := errors.AsType[*sched.UnfinishedError](err)
		if !ok || unfinished.Kind != "pipeline" || unfinished.Name != "images" || len(unfinished.Running) != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %+v", err)
		}
		if want := `sched: pipeline "images" stopped with 0 tasks handed back, 4 whose callers know and 0 still running: context deadline exceeded`; fmt.Sprint(err) != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		through := 0 // the first, before the last had come in
		for i, f := range futures {
			_, err := f.Wait(t.Context())
			if err == nil {
				through++
			} else if !errors.Is(err, core.ErrClosed) || core.ErrorType(err) != core.TypeClosed {
				t.Errorf("item %d: got %v, want that it was stopped", i, err)
			}
		}
		if s := p.Stats(); through != 1 || s.Active != 0 || s.Completed != 1 || s.Failed != 4 {
			t.Errorf("%d went through, want 1; got %+v", through, s)
		}
	})
}

func TestStopSaysWhatStillRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		stubborn := func(context.Context, int) (int, error) { <-open; return 1, nil }
		stages := sched.Then(sched.NewStage("a", sched.StageConfig{}, taking(0, same)), "b", sched.StageConfig{}, stubborn)
		p, err := sched.NewPipeline("images", sched.PipelineConfig{}, stages)
		if err != nil {
			t.Fatal(err)
		}
		f := p.Submit(t.Context(), 0)
		synctest.Wait()
		ended, cancel := context.WithCancelCause(t.Context())
		cancel(errStep)
		err = p.Stop(ended)
		unfinished, ok := errors.AsType[*sched.UnfinishedError](err)
		if !ok || strings.Join(unfinished.Running, " ") != "images/b" || !errors.Is(err, errStep) {
			t.Errorf("got %+v", err)
		}
		close(open)
		if n, err := f.Wait(t.Context()); n != 1 || err != nil {
			t.Errorf("got %d and %v: what goes through after all has succeeded", n, err)
		}
		if err := p.Stop(t.Context()); err != nil {
			t.Errorf("got %v, want nothing left", err)
		}
	})
}

func TestAPipelineStartsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := inTwo(t, taking(time.Second, same), taking(time.Second, same))
		for range 3 {
			if err := errors.Join(p.Start(t.Context()), p.Start(t.Context())); err != nil {
				t.Fatal(err)
			}
			if n, err := p.Process(t.Context(), 7); n != 7 || err != nil {
				t.Errorf("got %d and %v", n, err)
			}
			if err := errors.Join(p.Stop(t.Context()), p.Stop(t.Context())); err != nil {
				t.Error(err)
			}
			if _, err := p.Process(t.Context(), 7); !errors.Is(err, core.ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
		if got := p.Stats().Completed; got != 3 {
			t.Errorf("%d completed, want 3", got)
		}
	})
}

func TestAStageThatWaitsForItsOwnPipelineFailsRatherThanHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p *sched.Pipeline[int, int]
		p = newPipeline(t, sched.PipelineConfig{}, sched.NewStage("a", sched.StageConfig{}, func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				return 0, nil
			}
			return 0, errors.Join(errOf(p.Submit(ctx, 0)), errOf(p.Submit(ctx, 0)))
		}))
		_, err := p.Process(t.Context(), 1)
		if full, ok := errors.AsType[*sched.FullError](err); !ok || full.Pool != "images/a" {
			t.Errorf("got %v, want that the queue is full", err)
		}
	})
}

// errOf is the error of a future that is settled already, or nil.
func errOf(f *sched.Future[int]) error {
	select {
	case <-f.Done():
		_, err := f.Wait(context.Background())
		return err
	default:
		return nil
	}
}
