package leasefx_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/fxmodule/leasefx"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// parts are what an application takes.
type parts struct {
	fx.In

	Locker *lease.Locker
	Leader *lease.Elector `name:"reports"`
}

// start runs an application until stop.
func start(t *testing.T, opts ...fx.Option) (in parts, stop func()) {
	t.Helper()
	a := fx.New(fx.NopLogger, leasefx.Module, leasefx.Elector("reports"), fx.Options(opts...), fx.Invoke(func(p parts) { in = p }))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return in, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := a.Stop(ctx); err != nil {
			t.Error(err)
		}
	}
}

func TestOneOfTheInstancesOnAStoreLeadsAndTheNextWhenItStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := fx.Provide(func(m *lease.Memory) lease.Store { return m })
		memory := lease.NewMemory()
		a, stopA := start(t, fx.Supply(memory), store)
		synctest.Wait()
		b, stopB := start(t, fx.Supply(memory), store)
		defer stopB()
		synctest.Wait()
		if _, leads := a.Leader.Leader(); !leads {
			t.Error("the first does not lead")
		}
		if _, leads := b.Leader.Leader(); leads {
			t.Error("the second leads too")
		}
		stopA()
		<-time.After(time.Second)
		if _, leads := b.Leader.Leader(); !leads {
			t.Error("the second does not lead when the first has stopped")
		}
	})
}

func TestWithoutAStoreEachInstanceIsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		none := fx.Provide(func() lease.Store { return nil })
		a, stopA := start(t, none)
		defer stopA()
		b, stopB := start(t)
		defer stopB()
		for _, in := range []parts{a, b} {
			l, err := in.Locker.TryAcquire(t.Context(), "invoice")
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Release(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestLockersReportToTheApplicationAndAreClosedWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		_, stop := start(t, fx.Provide(
			func() trace.TracerProvider { return rec.TracerProvider() },
			func() metric.MeterProvider { return rec.MeterProvider() },
			func() log.LoggerProvider { return rec.LoggerProvider() },
		))
		synctest.Wait()
		rec.RequireSum("goflow.lease.active", 1, flowconv.LeaseNameKey.String("app"))
		rec.RequireSum("goflow.lease.term.active", 1, flowconv.LeaseNameKey.String("reports"))
		stop()
		rec.RequireNoMetric("goflow.lease.active")
		rec.RequireNoMetric("goflow.lease.term.active")
		rec.RequireDeclared()
	})
}

func TestAWrongConfigIsAnErrorOfTheApplication(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts []fx.Option
		want string
	}{
		"of the locker":                {[]fx.Option{fx.Supply(lease.Config{Poll: -1})}, `lease: "app": Poll must be`},
		"of an elector without a name": {[]fx.Option{leasefx.Elector(""), fx.Invoke(fx.Annotate(func(*lease.Elector) {}, fx.ParamTags(`name:""`)))}, "name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.New(fx.NopLogger, leasefx.Module, fx.Options(c.opts...), fx.Invoke(func(*lease.Locker) {})).Err()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
	if err := fx.New(fx.NopLogger, leasefx.Module).Err(); err != nil {
		t.Error(errors.Join(errors.New("unused"), err))
	}
}
