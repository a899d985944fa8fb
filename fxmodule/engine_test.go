package fxmodule_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/log"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/fxmodule"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
	"github.com/goflow-go/goflow/fxmodule/internal/engines/enginestest"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestAnOperatorDrainsTheApplicationAndPutsItBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		var h *health.Registry
		enginestest.Require(t, "app/app", func(act enginestest.Act) {
			if got := act("app/app", "drain", nil); got != `app "app" ready -> draining` {
				t.Errorf("got %q", got)
			}
			rec.RequireEvent(flowconv.EventAppStateChange, flowconv.AppStateKey.String(flowconv.AppStateDraining))
			if got := h.State(); got != health.Draining {
				t.Errorf("drained: the state is %v", got)
			}
			act("app/app", "undo_drain", nil)
			if got := h.State(); got != health.Ready {
				t.Errorf("put back: the state is %v", got)
			}
		}, healthfx.Module, fxmodule.Lifecycle(), fx.Populate(&h),
			fx.Provide(func() log.LoggerProvider { return rec.LoggerProvider() }))
	})
}

func TestNoOperatorPutsAnApplicationBackThatStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var h *health.Registry
		var engines flowadmin.Engines
		a := fx.New(fx.NopLogger, healthfx.Module, fxmodule.Lifecycle(), fx.Populate(&h), fx.Supply(&engines),
			fx.Supply(fxmodule.Config{DrainDelay: 5 * time.Second}))
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		app, _ := engines.Find("app", "app")
		if _, err := app.Actions[0].Do(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := a.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, action := range app.Actions {
			if _, err := action.Do(t.Context(), nil); !errors.Is(err, core.ErrClosed) {
				t.Errorf("%s after the stop: got %v, want one that it is closed", action.Name, err)
			}
		}
	})
}
