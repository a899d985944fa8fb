package schedfx_test

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/leasefx"
	"github.com/goflow-go/goflow/fxmodule/schedfx"
	"github.com/goflow-go/goflow/sched"
)

// store is something a job uses.
type store struct{ swept chan struct{} }

func newStore() *store { return &store{swept: make(chan struct{})} }

func newSweep(s *store) sched.Spec {
	return sched.Spec{
		Name:    "sweep",
		Trigger: sched.Every(10 * time.Millisecond),
		Task: func(context.Context) error {
			fmt.Println("swept")
			close(s.swept)
			return nil
		},
		Options: []sched.JobOption{sched.WithLimit(1)},
	}
}

func ExampleAsJob() {
	var s *store
	app := fx.New(fx.NopLogger,
		schedfx.Module, // a part of fxmodule.Module
		fx.Provide(newStore),
		schedfx.AsJob(newSweep),
		fx.Populate(&s),
	)
	start(app)
	<-s.swept
	stop(app)
	// Output: swept
}

func ExampleOnce() {
	done := make(chan struct{})
	newReport := func() sched.Spec {
		return sched.Spec{
			Name:    "report",
			Trigger: sched.Every(10 * time.Millisecond),
			Task: func(context.Context) error {
				fmt.Println("reported, by this instance or another")
				close(done)
				return nil
			},
			Options: []sched.JobOption{sched.WithLimit(1)},
		}
	}
	app := fx.New(fx.NopLogger,
		schedfx.Module, leasefx.Module, // parts of fxmodule.Module
		schedfx.AsJob(newReport, schedfx.Once()),
	)
	start(app)
	<-done
	stop(app)
	// Output: reported, by this instance or another
}

func ExamplePool() {
	app := fx.New(fx.NopLogger,
		schedfx.Pool("images", sched.PoolConfig{MaxWorkers: 4}),
		fx.Invoke(fx.Annotate(func(p *sched.Pool) error {
			return p.Submit(context.Background(), func(context.Context) error {
				fmt.Println("resized")
				return nil
			})
		}, fx.ParamTags(`name:"images"`))),
	)
	start(app)
	stop(app) // waits for what the pool has accepted
	// Output: resized
}

// start and stop do what app.Run does, without waiting for a signal.
func start(app *fx.App) {
	if err := app.Start(context.Background()); err != nil {
		panic(err)
	}
}

func stop(app *fx.App) {
	if err := app.Stop(context.Background()); err != nil {
		panic(err)
	}
}
