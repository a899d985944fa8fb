// Package schedfx gives an fx application a scheduler, jobs and worker pools.
//
//	fx.New(
//		fxmodule.Module,
//		schedfx.AsJob(newSweep), // func(...) sched.Spec, of anything in the graph
//		schedfx.AsJob(newReport, schedfx.Once()), // once among all instances
//		schedfx.Pool("images", sched.PoolConfig{MaxWorkers: 16}),
//	)
//
// Jobs run once the application has started. When it stops, each job is drained before anything its
// constructor depends on stops, and the scheduler last; pools finish what they have accepted. All of it
// reports to the application's OpenTelemetry providers, the global ones where it has none. In an application
// with a console all of it is known there: a job can be paused and run, a pool resized.
package schedfx

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/fxmodule/internal/ctor"
	"github.com/goflow-go/goflow/fxmodule/internal/engines"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
	"github.com/goflow-go/goflow/sched"
)

// Module provides the application's *sched.Scheduler, "jobs", out of an optional sched.Config. It is made
// when something asks for it, which [AsJob] does. It is part of fxmodule.Module.
var Module = fx.Module("goflow.sched",
	fx.Provide(fx.Private, servicefx.New, otelin.New),
	fx.Provide(New),
)

// name is the scheduler's.
const name = "jobs"

// Params is what [New] takes from the graph.
type Params struct {
	fx.In

	Runner    *servicefx.Runner
	Providers otelin.Providers
	Engines   engines.In
	Config    sched.Config `optional:"true"`
}

// New makes the application's scheduler, and runs it with the application.
func New(p Params) (*sched.Scheduler, error) {
	s, err := sched.New(name, p.Config, sched.WithTelemetry(p.Providers.Options...))
	if err == nil {
		p.Runner.Run("scheduler "+name, s)
		p.Engines.Known(flowadmin.Scheduler(s))
	}
	return s, err
}

// AsJob schedules the job that constructor makes: a function of anything in the graph that returns a
// sched.Spec, and perhaps an error. Any other function is an error of the application. A wrong job (a
// name taken, an expression that cannot be read) is one too, before anything starts.
func AsJob(constructor any, opts ...Option) fx.Option {
	if err := ctor.Makes[sched.Spec]("schedfx: AsJob", constructor); err != nil {
		return fx.Error(err)
	}
	var o options
	for _, opt := range opts {
		opt.apply(&o)
	}
	invoke := fx.Invoke(schedule)
	if o.once {
		invoke = fx.Invoke(scheduleOnce)
	}
	return fx.Module("goflow.job", fx.Provide(fx.Private, servicefx.New, constructor), invoke)
}

// job is what a job takes from the graph.
type job struct {
	fx.In

	Runner    *servicefx.Runner
	Scheduler *sched.Scheduler
	Engines   engines.In
}

// schedule adds a job, paused until what its constructor depends on has started.
func schedule(in job, spec sched.Spec) error {
	j, err := in.Scheduler.Schedule(context.Background(), spec.Name, spec.Trigger, spec.Task, spec.Options...)
	if err != nil {
		return err
	}
	j.Pause()
	in.Runner.Run(fmt.Sprintf("job %q", spec.Name), service{j})
	in.Engines.Known(flowadmin.Job(j))
	return nil
}

// service is a job as a core.Service.
type service struct{ job *sched.Job }

func (s service) Start(context.Context) error {
	s.job.Resume()
	return nil
}

func (s service) Stop(ctx context.Context) error { return s.job.Drain(ctx) }

// Pool provides a *sched.Pool under the name.
func Pool(name string, cfg sched.PoolConfig, opts ...sched.Option) fx.Option {
	provide := func(r *servicefx.Runner, p otelin.Providers, known engines.In) (*sched.Pool, error) {
		pool, err := sched.NewPool(name, cfg, append([]sched.Option{sched.WithTelemetry(p.Options...)}, opts...)...)
		if err == nil {
			r.Run(fmt.Sprintf("pool %q", name), pool)
			known.Known(flowadmin.Pool(pool))
		}
		return pool, err
	}
	return fx.Module("goflow.pool",
		fx.Provide(fx.Private, servicefx.New, otelin.New),
		fx.Provide(fx.Annotate(provide, fx.ResultTags(fmt.Sprintf(`name:%q`, name)))),
	)
}
