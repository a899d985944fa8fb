package sched_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// fate is what a stage does with an item.
type stageFate struct {
	takes time.Duration
	fails bool
}

// voyage is a pipeline and what is to become of each item at each stage.
type voyage struct {
	items     int
	fates     [][]stageFate // by stage, then item
	cfg       sched.PipelineConfig
	stages    []sched.StageConfig
	running   []atomic.Int64 // by stage
	end       time.Duration  // of the caller's context; 0: never
	stop      time.Duration  // 0: never
	leave     int            // the loop is left after so many results
	stubborn  bool           // stages do not see that their contexts end
	overbooks atomic.Int64   // times that more ran than a stage has workers
}

func drawVoyage(t *rapid.T) *voyage {
	v := &voyage{items: rapid.IntRange(0, 25).Draw(t, "items"), stubborn: rapid.Bool().Draw(t, "stubborn")}
	v.cfg.Unordered = rapid.Bool().Draw(t, "unordered")
	v.cfg.MaxInFlight = rapid.IntRange(0, 5).Draw(t, "max in flight")
	v.running = make([]atomic.Int64, rapid.IntRange(1, 4).Draw(t, "stages"))
	for range v.running {
		v.stages = append(v.stages, sched.StageConfig{
			Workers: rapid.IntRange(1, 3).Draw(t, "workers"), Queue: rapid.IntRange(0, 3).Draw(t, "queue"),
		})
		v.fates = append(v.fates, rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stageFate {
			return stageFate{time.Duration(rapid.IntRange(0, 5).Draw(t, "takes")) * time.Second, rapid.IntRange(0, 7).Draw(t, "fails") == 0}
		}), v.items, v.items).Draw(t, "fates"))
	}
	at := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 40).Draw(t, "at"))*time.Second + 500*time.Millisecond
	})
	v.leave = 1000
	switch rapid.IntRange(0, 5).Draw(t, "ends by") {
	case 0:
		v.end = at.Draw(t, "end")
	case 1:
		v.stop = at.Draw(t, "stop")
	case 2:
		v.leave = rapid.IntRange(1, 10).Draw(t, "leave")
	}
	return v
}

func (v *voyage) stage(i int) func(context.Context, int) (int, error) {
	return func(ctx context.Context, n int) (int, error) {
		if v.running[i].Add(1) > int64(max(v.stages[i].Workers, 1)) {
			v.overbooks.Add(1)
		}
		defer v.running[i].Add(-1)
		fate := v.fates[i][n]
		if v.stubborn {
			ctx = context.WithoutCancel(ctx)
		}
		return taking(fate.takes, func(n int) (int, error) {
			if fate.fails {
				return 0, fmt.Errorf("%w: %d", errStep, n)
			}
			return n, nil
		})(ctx, n)
	}
}

func (v *voyage) pipeline(t *rapid.T) *sched.Pipeline[int, int] {
	stages := sched.NewStage("0", v.stages[0], v.stage(0))
	for i := 1; i < len(v.stages); i++ {
		stages = sched.Then(stages, fmt.Sprint(i), v.stages[i], v.stage(i))
	}
	p, err := sched.NewPipeline("images", v.cfg, stages)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// want is what becomes of an item that nothing but a stage ends.
func (v *voyage) want(n int) string {
	for i, fates := range v.fates {
		if fates[n].fails {
			return fmt.Sprintf(`sched: pipeline "images" failed at stage "%d": declined: %d`, i, n)
		}
	}
	return fmt.Sprint(n)
}

func checkVoyage(t *rapid.T, v *voyage) {
	p := v.pipeline(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if v.end > 0 {
		ctx, cancel = context.WithTimeout(ctx, v.end)
		defer cancel()
	}
	var stopping sync.WaitGroup
	if v.stop > 0 {
		stopping.Go(func() {
			<-time.After(v.stop)
			if err := p.Stop(context.Background()); err != nil {
				t.Errorf("Stop: %v", err)
			}
		})
	}
	var results []string
	refused, cut := 0, 0 // because of the end of the context or of the pipeline
	for n, err := range p.All(ctx, upTo(v.items)) {
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			cut++
		case err != nil && !errors.Is(err, errStep) && errors.Is(err, core.ErrClosed):
			refused++
		case err != nil:
			results = append(results, err.Error())
		default:
			results = append(results, fmt.Sprint(n))
		}
		if len(results) == v.leave {
			break
		}
	}
	if active := p.Stats().Active; active != 0 {
		t.Errorf("%d items are inside after All, want none", active)
	}
	v.check(t, results, refused, cut)
	if s := p.Stats(); len(results) < v.leave && int(s.Completed+s.Failed) > len(results)+cut {
		t.Errorf("%d results and %d cut, but %+v", len(results), cut, s)
	}
	stopping.Wait()
	if err := p.Stop(context.Background()); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func (v *voyage) check(t *rapid.T, results []string, refused, cut int) {
	if v.overbooks.Load() > 0 {
		t.Error("a stage ran more items than it has workers")
	}
	if refused > 1 || refused > 0 && v.stop == 0 || cut > 0 && v.end == 0 {
		t.Errorf("%d items were refused and %d cut; end %v, stop %v", refused, cut, v.end, v.stop)
	}
	if complete := v.end == 0 && v.stop == 0; complete && len(results) != min(v.items, v.leave) {
		t.Fatalf("%d results, want %d", len(results), min(v.items, v.leave))
	}
	left := map[string]int{}
	for n := range v.items {
		left[v.want(n)]++
	}
	for i, got := range results {
		if left[got]--; left[got] < 0 {
			t.Errorf("result %d is %q, which no item is to have, or not so often", i, got)
		}
		if !v.cfg.Unordered && cut == 0 && got != v.want(i) {
			t.Errorf("result %d is %q, want %q", i, got, v.want(i))
		}
	}
}

func TestAllEqualsDoingOneItemAfterTheOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		v := drawVoyage(r)
		var stopped any // rapid ends a case by a panic
		synctest.Test(t, func(*testing.T) {
			defer func() { stopped = recover() }()
			checkVoyage(r, v)
		})
		if stopped != nil {
			panic(stopped)
		}
	})
}
