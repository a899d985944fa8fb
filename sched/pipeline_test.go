package sched_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// newPipeline makes a pipeline that is stopped when t ends.
func newPipeline[In, Out any](t testing.TB, cfg sched.PipelineConfig, stages sched.Stages[In, Out], opts ...sched.Option) *sched.Pipeline[In, Out] {
	t.Helper()
	p, err := sched.NewPipeline("images", cfg, stages, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	return p
}

// taking makes a stage of f that takes d and heeds its context.
func taking[T any](d time.Duration, f func(T) (T, error)) func(context.Context, T) (T, error) {
	return func(ctx context.Context, in T) (T, error) {
		if d > 0 {
			select {
			case <-time.After(d):
			case <-ctx.Done():
				return in, context.Cause(ctx)
			}
		}
		return f(in)
	}
}

func same(n int) (int, error) { return n, nil }

// twoStages make numbers of texts, and texts of them again, a prefix before.
func twoStages(cfg sched.StageConfig) sched.Stages[string, string] {
	parsed := sched.NewStage("parse", cfg, func(_ context.Context, in string) (int, error) { return strconv.Atoi(in) })
	return sched.Then(parsed, "print", cfg, func(_ context.Context, n int) (string, error) {
		switch n {
		case 13:
			panic("unlucky")
		case 17:
			runtime.Goexit()
		case 19:
			return "nineteen", errStep
		}
		return fmt.Sprint("n", n), nil
	})
}

func TestPipelineTakesAnItemThroughAllStages(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, sched.PipelineConfig{}, twoStages(sched.StageConfig{}))
	for name, c := range map[string]struct {
		in, out, err, class string
	}{
		"that succeeds":                 {in: "12", out: "n12"},
		"that the first fails":          {in: "x", err: `sched: pipeline "images" failed at stage "parse": strconv.Atoi: parsing "x": invalid syntax`, class: core.TypeOther},
		"that the second fails":         {in: "19", err: `sched: pipeline "images" failed at stage "print": declined`, class: core.TypeOther},
		"that makes its stage panic":    {in: "13", err: `sched: pipeline "images" failed at stage "print": core: task panicked: unlucky`, class: core.TypePanic},
		"that ends its stage's routine": {in: "17", err: `sched: pipeline "images" failed at stage "print": core: task ended its goroutine`, class: core.TypePanic},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := p.Process(t.Context(), c.in)
			if out != c.out || c.err == "" && err != nil || c.err != "" && fmt.Sprint(err) != c.err || core.ErrorType(err) != c.class {
				t.Errorf("got %q and %v (%s), want %q and %s (%s)", out, err, core.ErrorType(err), c.out, c.err, c.class)
			}
			again, same := p.Submit(t.Context(), c.in).Wait(t.Context())
			if again != out || fmt.Sprint(same) != fmt.Sprint(err) {
				t.Errorf("Submit: got %q and %v, want what Process gives", again, same)
			}
		})
	}
	s := p.Stats()
	if s.Completed != 2 || s.Failed != 8 || s.Active != 0 || s.Stages[0].Workers.Completed != 8 || s.Stages[1].Workers.Panicked != 4 {
		t.Errorf("got %+v", s)
	}
}

func TestPipelineTakesNilThrough(t *testing.T) {
	t.Parallel()
	first := sched.NewStage("a", sched.StageConfig{}, func(_ context.Context, err error) (fmt.Stringer, error) { return nil, err })
	p := newPipeline(t, sched.PipelineConfig{}, sched.Then(first, "b", sched.StageConfig{}, func(_ context.Context, s fmt.Stringer) (error, error) {
		if s != nil {
			return nil, errStep
		}
		return nil, nil
	}))
	if got, err := p.Process(t.Context(), nil); got != nil || err != nil {
		t.Errorf("got %v and %v, want nil and nil", got, err)
	}
}

func TestStagesWorkAtTheSameTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := sched.NewStage("a", sched.StageConfig{Workers: 3}, taking(3*time.Second, same))
		p := newPipeline(t, sched.PipelineConfig{}, sched.Then(a, "b", sched.StageConfig{}, taking(time.Second, same)))
		start := time.Now()
		for n, err := range p.All(t.Context(), upTo(30)) {
			if err != nil {
				t.Error(n, err)
			}
		}
		if took := time.Since(start); took != 33*time.Second { // 3 for the first, then one a second
			t.Errorf("took %v, want 33s", took)
		}
	})
}

func TestStagesHaveTimeoutsAndPoliciesOfTheirOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := map[int]int{}
		thrice := core.PolicyFunc(func(ctx context.Context, task core.Task) error {
			return errors.Join(task(ctx), task(ctx), task(ctx))
		})
		a := sched.NewStage("a", sched.StageConfig{Policies: []core.Policy{thrice}}, func(_ context.Context, n int) (int, error) {
			tries[n]++
			return n, nil
		})
		wait := func(ctx context.Context, n int) (int, error) {
			return taking(time.Duration(n)*time.Second, same)(ctx, n)
		}
		p := newPipeline(t, sched.PipelineConfig{}, sched.Then(a, "b", sched.StageConfig{Timeout: 5 * time.Second}, wait))
		if n, err := p.Process(t.Context(), 4); n != 4 || err != nil {
			t.Errorf("got %v and %v, want 4", n, err)
		}
		_, err := p.Process(t.Context(), 6)
		if failed, ok := errors.AsType[*sched.StageError](err); !ok || failed.Stage != "b" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a timeout at b", err)
		}
		if tries[4] != 3 || tries[6] != 3 {
			t.Errorf("got %v, want three tries for each", tries)
		}
	})
}

func TestProcessReturnsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	gone := errors.New("the shop closes")
	for name, c := range map[string]struct {
		heeds bool // the stages look at their contexts
		load  int  // items before
		end   time.Duration
		stage string
	}{
		"before it begins":             {end: -1, stage: "a"},
		"in a stage":                   {heeds: true, end: 15 * time.Second, stage: "b"},
		"in a stage that does not see": {end: 15 * time.Second, stage: "b"},
		"in the queue of a stage":      {load: 1, end: 5 * time.Second, stage: "a"},
		"waiting for the first stage":  {load: 2, end: 5 * time.Second, stage: "a"},
		"waiting for the next":         {load: 3, end: 75 * time.Second, stage: "b"}, // a is done with it at 60, the queue of b is full until 90
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				work := func(ctx context.Context, d time.Duration) {
					if !c.heeds {
						ctx = context.WithoutCancel(ctx)
					}
					_, _ = taking(d, same)(ctx, 0)
				}
				a := sched.NewStage("a", sched.StageConfig{}, func(ctx context.Context, n int) (int, error) {
					work(ctx, 10*time.Second)
					return n, ctx.Err()
				})
				p := newPipeline(t, sched.PipelineConfig{}, sched.Then(a, "b", sched.StageConfig{}, func(ctx context.Context, n int) (int, error) {
					work(ctx, 40*time.Second)
					return n, ctx.Err()
				}))
				var others sync.WaitGroup
				for range c.load {
					others.Go(func() { _, _ = p.Process(context.Background(), 0) })
					synctest.Wait()
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				start := time.Now()
				if time.AfterFunc(c.end, func() { cancel(gone) }); c.end < 0 {
					cancel(gone)
				}
				_, err := p.Process(ctx, 1)
				if failed, ok := errors.AsType[*sched.StageError](err); !ok || failed.Stage != c.stage || !errors.Is(err, gone) && !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want the cause at %s", err, c.stage)
				}
				if took := time.Since(start); took != max(c.end, 0) {
					t.Errorf("took %v, want %v", took, c.end)
				}
				others.Wait()
			})
		})
	}
}

func TestAnItemWhoseContextEndsLeavesAtOnceWhereItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stubborn := func(_ context.Context, n int) (int, error) { <-time.After(time.Second); return n, nil }
		p := inTwo(t, stubborn, taking(time.Minute, same))
		first := p.Submit(t.Context(), 0)
		<-time.After(2 * time.Second) // the first is at b, whose queue is empty
		ctx, cancel := context.WithCancelCause(t.Context())
		var late []*sched.Future[int]
		go func() { late = putIn(ctx, p, 3) }() // one in a, one in its queue, one at the door
		synctest.Wait()
		cancel(errStep)
		synctest.Wait()
		if s := p.Stats(); s.Active != 3 || s.Failed != 1 {
			t.Errorf("got %+v, want that the one at the door has left", s)
		}
		<-time.After(time.Second)
		synctest.Wait()
		if s := p.Stats(); s.Active != 1 || s.Failed != 3 || s.Stages[1].Workers.Queued != 0 {
			t.Errorf("got %+v, want that none went on to b", s)
		}
		for _, f := range late {
			if _, err := f.Wait(t.Context()); !errors.Is(err, errStep) || errors.Is(err, core.ErrRejected) {
				t.Errorf("got %v, want the cause, and no rejection", err)
			}
		}
		if _, err := first.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestNoMoreItemsAreInsideThanWorkersAndQueuesHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		a := sched.NewStage("a", sched.StageConfig{Workers: 2, Queue: 3}, taking(0, same))
		p := newPipeline(t, sched.PipelineConfig{}, sched.Then(a, "b", sched.StageConfig{Workers: 1, Queue: 4}, func(_ context.Context, n int) (int, error) {
			<-open
			return n, nil
		}))
		taken := 0
		go func() {
			for n := range 20 {
				p.Submit(t.Context(), n)
				taken++
			}
		}()
		synctest.Wait()
		// 1 in b, 4 wait for it, 2 workers of a hold one each, 3 wait for a; the next waits at the door.
		s := p.Stats()
		if taken != 10 || s.Active != 11 || s.Stages[0].Workers.Queued != 3 || s.Stages[1].Workers.Queued != 4 {
			t.Errorf("%d were taken, want 10; got %+v", taken, s)
		}
		if s.Stages[0].Workers.Running != 0 || s.Stages[0].Workers.Idle != 0 {
			t.Errorf("workers that wait for the next stage are neither running nor idle, got %+v", s.Stages[0].Workers)
		}
		close(open)
		synctest.Wait()
		if s := p.Stats(); s.Completed != 20 || s.Active != 0 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestNewPipelineNamesEveryFault(t *testing.T) {
	t.Parallel()
	pass := taking(0, same)
	stage := func(name string, cfg sched.StageConfig) sched.Stages[int, int] {
		return sched.NewStage(name, cfg, pass)
	}
	for name, c := range map[string]struct {
		name   string
		cfg    sched.PipelineConfig
		stages sched.Stages[int, int]
		want   []string
	}{
		"no name":        {"", sched.PipelineConfig{}, stage("a", sched.StageConfig{}), []string{"name must not be empty"}},
		"no stages":      {"images", sched.PipelineConfig{}, sched.Stages[int, int]{}, []string{"stages must be at least 1, got 0"}},
		"a wrong config": {"images", sched.PipelineConfig{MaxInFlight: -1}, stage("", sched.StageConfig{}), []string{"MaxInFlight must not be negative, got -1", `stages[0] must not be empty, got ""`}},
		"wrong stages": {"images", sched.PipelineConfig{}, sched.Then(stage("a", sched.StageConfig{Workers: -1, Queue: 1 << 30}), "b", sched.StageConfig{Workers: 1 << 30, Queue: -1, Timeout: -1}, pass), []string{
			"a.Workers must not be negative, got -1", "a.Queue must be at most", "b.Workers must be at most", "b.Queue must not be negative", "b.Timeout must not be negative",
		}},
		"a name twice":  {"images", sched.PipelineConfig{}, sched.Then(stage("a", sched.StageConfig{}), "a", sched.StageConfig{}, pass), []string{`stages[1] must not be called as stages[0] is, got "a"`}},
		"no function":   {"images", sched.PipelineConfig{}, sched.NewStage[int, int]("a", sched.StageConfig{}, nil), []string{"a must have a function"}},
		"long together": {strings.Repeat("n", 100), sched.PipelineConfig{}, stage(strings.Repeat("s", 28), sched.StageConfig{}), []string{"must have at most 128 bytes with the pipeline's name"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sched.NewPipeline(c.name, c.cfg, c.stages)
			if !errors.Is(err, core.ErrInvalid) || core.ErrorType(err) != core.TypeInvalid {
				t.Fatalf("got %v, want an invalid config", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
		})
	}
	if err := (sched.StageConfig{Workers: -1}).Validate(); err == nil || err.Error() != "Workers must not be negative, got -1" {
		t.Errorf("got %v", err)
	}
}

func TestStagesAreValues(t *testing.T) {
	t.Parallel()
	add := func(by int) func(context.Context, int) (int, error) {
		return func(_ context.Context, n int) (int, error) { return n + by, nil }
	}
	a := sched.NewStage("a", sched.StageConfig{}, add(1))
	b := sched.Then(a, "b", sched.StageConfig{}, add(10))
	for want, stages := range map[int]sched.Stages[int, int]{
		1: a, 11: b, 111: sched.Then(b, "c", sched.StageConfig{}, add(100)), 1011: sched.Then(b, "d", sched.StageConfig{}, add(1000)),
	} {
		p := newPipeline(t, sched.PipelineConfig{}, stages)
		if got, err := p.Process(t.Context(), 0); got != want || err != nil {
			t.Errorf("%v: got %d and %v, want %d", p, got, err, want)
		}
	}
	if p := newPipeline(t, sched.PipelineConfig{}, b); p.String() != `pipeline "images": 2 stages` || p.Name() != "images" {
		t.Errorf("got %q", p)
	}
}
