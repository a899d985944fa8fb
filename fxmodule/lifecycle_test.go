package fxmodule_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/log"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/fxmodule"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// part has hooks that note the application's state when they run.
type part struct{}

type notes struct {
	registry *health.Registry
	list     []string
}

func (n *notes) add(what string) { n.list = append(n.list, what+" "+n.registry.State().String()) }

func withHooks(name string) func(fx.Lifecycle, *notes) part {
	return func(lc fx.Lifecycle, n *notes) part {
		lc.Append(fx.Hook{
			OnStart: func(context.Context) error { n.add("start " + name); return nil },
			OnStop:  func(context.Context) error { n.add("stop " + name); return nil },
		})
		return part{}
	}
}

func app(opts ...fx.Option) *fx.App {
	return fx.New(fx.NopLogger, healthfx.Module,
		fx.Provide(func(r *health.Registry) *notes { return &notes{registry: r} }),
		fx.Options(opts...))
}

func TestReadyOnceEveryHookHasStartedAndDrainingBeforeAnyStops(t *testing.T) {
	t.Parallel()
	early := fx.Module("early", fx.Provide(fx.Private, withHooks("early")), fx.Invoke(func(part) {}))
	late := fx.Options(
		fx.Provide(fx.Annotate(withHooks("late"), fx.ResultTags(`name:"late"`))),
		fx.Invoke(fx.Annotate(func(part) {}, fx.ParamTags(`name:"late"`))),
	)
	for name, opts := range map[string][]fx.Option{
		"lifecycle listed first": {fxmodule.Lifecycle(), early, late},
		"lifecycle listed last":  {late, early, fxmodule.Lifecycle()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var n *notes
				a := app(append(opts, fx.Populate(&n))...)
				if err := a.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := n.registry.State(); got != health.Ready {
					t.Errorf("after Start the state is %v, want ready", got)
				}
				if err := a.Stop(t.Context()); err != nil {
					t.Fatal(err)
				}
				slices.Sort(n.list)
				want := []string{"start early starting", "start late starting", "stop early draining", "stop late draining"}
				if !slices.Equal(n.list, want) {
					t.Errorf("hooks saw %q, want %q", n.list, want)
				}
			})
		})
	}
}

func TestDrainDelayHoldsBackTheFirstStopHook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var stopped time.Time
		var registry *health.Registry
		a := app(fxmodule.Lifecycle(), fx.Supply(fxmodule.Config{DrainDelay: 5 * time.Second}), fx.Populate(&registry),
			fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StopHook(func() { stopped = time.Now() })) }))
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		go func() {
			<-time.After(time.Second)
			if got := registry.Report(health.Readiness).Status; got != health.Down {
				t.Errorf("readiness while draining is %v, want down", got)
			}
			if got := registry.Report(health.Liveness).Status; got != health.Up {
				t.Errorf("liveness while draining is %v, want up", got)
			}
		}()
		if err := a.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := stopped.Sub(begin); got != 5*time.Second {
			t.Errorf("the first stop hook ran after %v, want 5s", got)
		}
	})
}

func TestDrainDelayEndsWithTheStopBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := app(fxmodule.Lifecycle(), fx.Supply(fxmodule.Config{DrainDelay: 20 * time.Second}))
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		if err := a.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Stop = %v, want the deadline", err)
		}
		if got := time.Since(begin); got != time.Second {
			t.Errorf("Stop took %v, want 1s", got)
		}
	})
}

func TestAFailedStartIsNeverReadyAndDoesNotDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var registry *health.Registry
		boom := errors.New("boom")
		a := app(fxmodule.Lifecycle(), fx.Supply(fxmodule.Config{DrainDelay: 5 * time.Second}), fx.Populate(&registry),
			fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StartHook(func() error { return boom })) }))
		begin := time.Now()
		if err := a.Start(t.Context()); !errors.Is(err, boom) {
			t.Errorf("Start = %v, want boom", err)
		}
		if got := time.Since(begin); got != 0 {
			t.Errorf("rolling back took %v, want no drain delay", got)
		}
		if registry.State() == health.Ready {
			t.Error("ready after a failed start")
		}
	})
}

func TestLifecycleRefusesABadConfig(t *testing.T) {
	t.Parallel()
	a := app(fxmodule.Lifecycle(), fx.Supply(fxmodule.Config{DrainDelay: -time.Second}))
	if err := a.Err(); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("Err = %v, want an invalid config", err)
	}
}

func TestLifecycleWritesAnEventAtEachChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		a := app(fxmodule.Lifecycle(), fx.Provide(func() log.LoggerProvider { return rec.LoggerProvider() }))
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := a.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, state := range []string{flowconv.AppStateStarting, flowconv.AppStateReady, flowconv.AppStateDraining} {
			rec.RequireEvent(flowconv.EventAppStateChange, flowconv.AppStateKey.String(state))
		}
		rec.RequireDeclared()
		rec.RequireEmitted("goflow.app.state_change")
	})
}
