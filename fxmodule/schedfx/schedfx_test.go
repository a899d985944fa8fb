package schedfx_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/fxmodule"
	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/leasefx"
	"github.com/goflow-go/goflow/fxmodule/schedfx"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// notes are what happened, in order.
type notes struct {
	mu   sync.Mutex
	list []string
}

func (n *notes) add(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, what)
}

// database is what jobs use.
type database struct{}

func newDatabase(lc fx.Lifecycle, n *notes) database {
	lc.Append(fx.Hook{
		OnStart: func(context.Context) error { <-time.After(5 * time.Second); n.add("database up"); return nil },
		OnStop:  func(context.Context) error { n.add("database down"); return nil },
	})
	return database{}
}

// job makes a constructor of a job that uses the database, and the scheduler too.
func job(name string, trigger sched.Trigger, task core.Task) any {
	return func(database, *sched.Scheduler) sched.Spec {
		return sched.Spec{Name: name, Trigger: trigger, Task: task}
	}
}

func app(n *notes, opts ...fx.Option) *fx.App {
	return fx.New(fx.NopLogger, schedfx.Module, fx.Provide(newDatabase), fx.Supply(n), fx.Options(opts...))
}

func run(t *testing.T, a *fx.App, d time.Duration) {
	t.Helper()
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-time.After(d)
	synctest.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func TestJobsRunAfterWhatTheyUseHasStartedAndEndBeforeItStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &notes{}
		a := app(n, schedfx.AsJob(job("report", sched.Every(time.Second), func(ctx context.Context) error {
			n.add("run")
			<-ctx.Done()
			n.add("ended")
			return ctx.Err()
		})))
		run(t, a, 3*time.Second)
		if want := []string{"database up", "run", "ended", "database down"}; !slices.Equal(n.list, want) {
			t.Errorf("it happened %q, want %q", n.list, want)
		}
	})
}

func TestAJobThatIsDueWhileTheApplicationStartsRunsThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &notes{}
		once := func(context.Context) error { n.add("run"); return nil }
		run(t, app(n, schedfx.AsJob(job("once", sched.After(time.Second), once))), time.Second)
		if want := []string{"database up", "run", "database down"}; !slices.Equal(n.list, want) {
			t.Errorf("it happened %q, want %q", n.list, want)
		}
	})
}

func TestJobsAndPoolsReportToTheApplication(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		task := func(context.Context) error { return nil }
		a := app(&notes{},
			fx.Provide(
				func() trace.TracerProvider { return rec.TracerProvider() },
				func() metric.MeterProvider { return rec.MeterProvider() },
				func() log.LoggerProvider { return rec.LoggerProvider() },
			),
			fx.Supply(sched.Config{Workers: 3}),
			schedfx.AsJob(job("report", sched.Every(time.Minute), task)),
			schedfx.Pool("images", sched.PoolConfig{MaxWorkers: 7}),
			fx.Invoke(fx.Annotate(func(p *sched.Pool) error { return p.Submit(t.Context(), task) }, fx.ParamTags(`name:"images"`))),
			fx.Invoke(func(lc fx.Lifecycle) {
				lc.Append(fx.StopHook(func() {
					rec.RequireSum("goflow.pool.worker.limit", 3, flowconv.PoolNameKey.String("jobs"))
					rec.RequireSum("goflow.pool.worker.limit", 7, flowconv.PoolNameKey.String("images"))
				}))
			}),
		)
		run(t, a, time.Minute)
		rec.RequireSum("goflow.job.runs", 1, flowconv.JobNameKey.String("report"), flowconv.JobOutcomeKey.String("success"))
		rec.RequireSum("goflow.pool.tasks", 1, flowconv.PoolNameKey.String("images"), flowconv.PoolOutcomeKey.String("completed"))
		rec.RequireNoMetric("goflow.pool.worker.limit") // all have stopped
		rec.RequireDeclared()
	})
}

func TestWrongJobsAndPoolsAreErrorsOfTheApplication(t *testing.T) {
	t.Parallel()
	task := func(context.Context) error { return nil }
	every := sched.Every(time.Second)
	for name, c := range map[string]struct {
		opt  fx.Option
		want string
	}{
		"a constructor of something else": {schedfx.AsJob(func() string { return "" }), "AsJob wants a function that returns a sched.Spec, got func() string"},
		"no constructor":                  {schedfx.AsJob(nil), "AsJob wants a function"},
		"a job without a task":            {schedfx.AsJob(job("report", every, nil)), `sched: "report": task must not be nil`},
		"a name twice":                    {fx.Options(schedfx.AsJob(job("report", every, task)), schedfx.AsJob(job("report", every, task))), `job "report" is scheduled already`},
		"a constructor that fails":        {schedfx.AsJob(func() (sched.Spec, error) { return sched.Spec{}, errors.New("no such table") }), "no such table"},
		"a wrong scheduler":               {fx.Options(fx.Supply(sched.Config{Workers: -1}), schedfx.AsJob(job("report", every, task))), `sched: "jobs": Workers must not be negative`},
		"a wrong pool": {
			fx.Options(schedfx.Pool("images", sched.PoolConfig{Queue: -1}), fx.Invoke(fx.Annotate(func(*sched.Pool) {}, fx.ParamTags(`name:"images"`)))),
			`sched: "images": Queue must not be negative`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := app(&notes{}, c.opt).Err(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestTheUmbrellaMakesASchedulerOnlyWhenAskedTo(t *testing.T) {
	t.Parallel()
	made := false
	opts := []fx.Option{
		fx.NopLogger, fxmodule.Module, fx.Supply(adminfx.Config{Addr: "127.0.0.1:0"}),
		fx.Decorate(func(s *sched.Scheduler) *sched.Scheduler { made = true; return s }),
	}
	for _, jobs := range []bool{false, true} {
		if jobs {
			opts = append(opts, schedfx.AsJob(func() sched.Spec {
				return sched.Spec{Name: "report", Trigger: sched.Every(time.Hour), Task: func(context.Context) error { return nil }}
			}))
		}
		a := fx.New(opts...)
		if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err != nil {
			t.Fatal(err)
		}
		if made != jobs {
			t.Errorf("with a job %v, a scheduler was made: %v", jobs, made)
		}
	}
}

func TestAJobThatIsToRunOnceRunsOnceAmongInstances(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory := lease.NewMemory()
		n := &notes{}
		var due []time.Time
		report := job("report", sched.Every(time.Minute), func(ctx context.Context) error {
			o, _ := core.OccurrenceOf(ctx)
			n.mu.Lock()
			defer n.mu.Unlock()
			due = append(due, o.Time)
			return nil
		})
		var instances []*fx.App
		for range 3 {
			a := app(n, leasefx.Module, fx.Provide(func() lease.Store { return memory }), schedfx.AsJob(report, schedfx.Once()))
			if err := a.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			instances = append(instances, a)
		}
		<-time.After(10 * time.Minute)
		for _, a := range instances {
			if err := a.Stop(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		}
		if len(due) != 10 || len(slices.CompactFunc(due, time.Time.Equal)) != 10 {
			t.Errorf("3 instances ran the job at %v, want 10 times, each once", due)
		}
	})
}

func TestAJobThatIsToRunOnceNeedsALocker(t *testing.T) {
	t.Parallel()
	report := job("report", sched.Every(time.Minute), func(context.Context) error { return nil })
	if err := app(&notes{}, schedfx.AsJob(report, schedfx.Once())).Err(); err == nil || !strings.Contains(err.Error(), "*lease.Locker") {
		t.Errorf("got %v, want what is missing in it", err)
	}
}
