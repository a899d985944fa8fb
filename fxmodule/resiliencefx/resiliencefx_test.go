package resiliencefx_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/fxmodule/resiliencefx"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	app := fx.New(fx.NopLogger,
		resiliencefx.Breaker("payments", resilience.BreakerConfig{}),
		fx.Invoke(fx.Annotate(func(b *resilience.Breaker) { fmt.Println(b.Name(), b.State()) }, fx.ParamTags(`name:"payments"`))),
	)
	fmt.Println(app.Err())
	// Output:
	// payments closed
	// <nil>
}

type policies struct {
	fx.In

	Standard *resilience.Standard `name:"standard"`
	Retry    *resilience.Retry    `name:"payments"`
	Breaker  *resilience.Breaker  `name:"payments"`
	Timeout  *resilience.Timeout  `name:"payments"`
	Hedge    *resilience.Hedge    `name:"payments"`
	Fallback *resilience.Fallback `name:"payments"`
}

func TestPoliciesOfOneNameReportToTheApplicationAndCloseWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		var in policies
		app := fx.New(fx.NopLogger,
			fx.Provide(func() metric.MeterProvider { return rec.MeterProvider() }),
			resiliencefx.Standard("standard", resilience.StandardConfig{}),
			resiliencefx.Retry("payments", resilience.RetryConfig{}),
			resiliencefx.Breaker("payments", resilience.BreakerConfig{}),
			resiliencefx.Timeout("payments", resilience.TimeoutConfig{Timeout: time.Second}),
			resiliencefx.Hedge("payments", resilience.HedgeConfig{After: time.Second}),
			resiliencefx.Fallback("payments", func(context.Context, error) error { return nil }),
			fx.Invoke(func(p policies) { in = p }),
		)
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, p := range []core.Policy{in.Standard, in.Retry, in.Breaker, in.Timeout, in.Hedge, in.Fallback} {
			ran := 0
			if err := p.Do(t.Context(), func(context.Context) error { ran++; return nil }); err != nil || ran != 1 {
				t.Errorf("%T ran its task %d times and returned %v", p, ran, err)
			}
		}
		breakers := func() (n int) {
			for _, p := range rec.Points("goflow.breaker.state") {
				n += int(p.Value)
			}
			return n
		}
		if got := breakers(); got != 2 {
			t.Errorf("%d breakers are seen, want 2", got)
		}
		if err := app.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := breakers(); got != 0 {
			t.Errorf("%d breakers are seen after the stop, want none", got)
		}
	})
}

func TestAWrongConfigNamesTheInstanceAndTheField(t *testing.T) {
	t.Parallel()
	app := fx.New(fx.NopLogger,
		resiliencefx.Breaker("payments", resilience.BreakerConfig{FailureRate: 2}),
		fx.Invoke(fx.Annotate(func(*resilience.Breaker) {}, fx.ParamTags(`name:"payments"`))),
	)
	if err := app.Err(); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), `"payments": FailureRate`) {
		t.Errorf("Err = %v, want one that names payments and FailureRate", err)
	}
}
