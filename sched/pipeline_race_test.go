package sched_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// hammered is a pipeline of small stages that fail now and then, in every way there is.
func hammered(t *testing.T) *sched.Pipeline[int, int] {
	t.Helper()
	now := func(_ context.Context, n int) (int, error) {
		switch n % 50 {
		case 7:
			return 0, errStep
		case 8:
			panic("unlucky")
		case 9:
			runtime.Goexit()
		}
		return n, nil
	}
	a := sched.NewStage("a", sched.StageConfig{Workers: 3, Queue: 2}, taking(0, same))
	b := sched.Then(a, "b", sched.StageConfig{Workers: 2}, now)
	return newPipeline(t, sched.PipelineConfig{Unordered: true}, sched.Then(b, "c", sched.StageConfig{Workers: 1, Queue: 3}, taking(0, same)))
}

func TestPipelineKeepsCountUnderManyCallers(t *testing.T) {
	t.Parallel()
	const callers, each = 8, 150
	p := hammered(t)
	var good, bad atomic.Int64
	count := func(n, got int, err error) {
		if err != nil {
			bad.Add(1)
			return
		}
		if good.Add(1); n != got {
			t.Errorf("got %d, want %d", got, n)
		}
	}
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			switch i % 3 {
			case 0:
				for n := range each {
					got, err := p.Process(t.Context(), n)
					count(n, got, err)
				}
			case 1:
				for n := range each {
					got, err := p.Submit(t.Context(), n).Wait(t.Context())
					count(n, got, err)
				}
			default:
				for n, err := range p.All(t.Context(), upTo(each)) {
					count(n, n, err)
				}
			}
		})
	}
	all.Wait()
	s := p.Stats()
	if s.Active != 0 || s.Completed != good.Load() || s.Failed != bad.Load() || good.Load() != callers*each*47/50 {
		t.Errorf("%d were good and %d bad; got %+v", good.Load(), bad.Load(), s)
	}
}

func TestPipelineOutlivesStopsAndEndsOfContexts(t *testing.T) {
	t.Parallel()
	p := hammered(t)
	var entered, refused atomic.Int64
	done := make(chan struct{})
	var all, begun sync.WaitGroup
	for i := range 6 {
		begun.Add(1)
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n%200)*time.Microsecond)
				if i%2 == 0 {
					for _, err := range p.All(ctx, upTo(20)) {
						if err != nil && n%3 == 0 {
							break
						}
					}
				} else if _, err := p.Process(ctx, n); errors.Is(err, core.ErrClosed) {
					refused.Add(1)
				} else {
					entered.Add(1)
				}
				if cancel(); n == 0 {
					begun.Done()
				}
			}
		})
	}
	begun.Wait()
	for range 25 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		_ = p.Stop(ctx)
		cancel()
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if s := p.Stats(); s.Active != 0 {
			t.Errorf("%d items inside after Stop", s.Active)
		}
		if err := p.Start(context.Background()); err != nil {
			t.Error(err)
		}
		if n, err := p.Process(context.Background(), 1); n != 1 || err != nil {
			t.Errorf("got %d and %v after Start", n, err)
		}
	}
	close(done)
	all.Wait()
	if err := p.Stop(context.Background()); err != nil { // items whose callers have given up may be inside still
		t.Error(err)
	}
	if s := p.Stats(); s.Active != 0 || entered.Load() == 0 {
		t.Errorf("%d entered and %d were refused; got %+v", entered.Load(), refused.Load(), s)
	}
}
