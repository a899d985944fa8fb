package schedfx_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/internal/engines/enginestest"
	"github.com/goflow-go/goflow/fxmodule/leasefx"
	"github.com/goflow-go/goflow/fxmodule/schedfx"
	"github.com/goflow-go/goflow/sched"
)

func TestTheConsoleKnowsJobsAndPoolsAndRunsAndResizesThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		count := func(context.Context) error { runs.Add(1); return nil }
		var pool *sched.Pool
		enginestest.Require(t, "job/report job/sweep lease/app pool/images scheduler/jobs", func(act enginestest.Act) {
			act("job/sweep", "pause", nil)
			<-time.After(time.Hour)
			if got := runs.Load(); got != 0 {
				t.Errorf("a paused job ran %d times", got)
			}
			act("job/sweep", "run_now", nil)
			synctest.Wait()
			if got := runs.Load(); got != 1 {
				t.Errorf("%d runs, want that which was asked for", got)
			}
			if got := act("pool/images", "resize", map[string]string{"min": "1", "max": "3"}); got != "workers 2 to 4 -> 1 to 3" {
				t.Errorf("got %q", got)
			}
			if s := pool.Stats(); s.Least != 1 || s.Limit != 3 {
				t.Errorf("the pool has %d to %d workers, want 1 to 3", s.Least, s.Limit)
			}
		},
			schedfx.Module, leasefx.Module, fx.Provide(newDatabase), fx.Supply(&notes{}),
			schedfx.AsJob(job("sweep", sched.Every(time.Minute), count)),
			schedfx.AsJob(job("report", sched.Every(24*time.Hour), count), schedfx.Once()),
			schedfx.Pool("images", sched.PoolConfig{MinWorkers: 2, MaxWorkers: 4}),
			fx.Invoke(fx.Annotate(func(p *sched.Pool) { pool = p }, fx.ParamTags(`name:"images"`))),
		)
	})
}
