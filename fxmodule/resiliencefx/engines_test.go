package resiliencefx_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/fxmodule/internal/engines/enginestest"
	"github.com/goflow-go/goflow/fxmodule/resiliencefx"
)

func TestTheConsoleKnowsThePoliciesAndOpensBreakers(t *testing.T) {
	t.Parallel()
	var in policies
	want := "breaker/payments breaker/standard fallback/payments hedge/payments retry/payments retry/standard timeout/payments"
	enginestest.Require(t, want, func(act enginestest.Act) {
		for name, p := range map[string]core.Policy{"breaker/payments": in.Breaker, "breaker/standard": in.Standard} {
			if got := act(name, "force_open", nil); got != "breaker closed -> open (forced)" {
				t.Errorf("%s: got %q", name, got)
			}
			if err := p.Do(t.Context(), func(context.Context) error { return nil }); !errors.Is(err, core.ErrRejected) {
				t.Errorf("%s is open: got %v, want a rejection", name, err)
			}
		}
	},
		resiliencefx.Standard("standard", resilience.StandardConfig{}),
		resiliencefx.Retry("payments", resilience.RetryConfig{}),
		resiliencefx.Breaker("payments", resilience.BreakerConfig{}),
		resiliencefx.Timeout("payments", resilience.TimeoutConfig{Timeout: time.Second}),
		resiliencefx.Hedge("payments", resilience.HedgeConfig{After: time.Second}),
		resiliencefx.Fallback("payments", func(context.Context, error) error { return nil }),
		resiliencefx.Breaker("unused", resilience.BreakerConfig{}),
		fx.Invoke(func(p policies) { in = p }),
	)
}
