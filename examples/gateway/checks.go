package main

import (
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/checks"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
)

// healthChecks tell how the gateway is. None takes it out of traffic: a gateway whose upstream is away, or
// which is short of time, still says so better than one that is gone.
func healthChecks() fx.Option {
	return fx.Options(
		healthfx.AsCheck(func() (health.Check, error) { return checks.Runtime("runtime", checks.RuntimeConfig{}) }),
		healthfx.AsCheck(newUpstreamCheck),
	)
}

type upstreamCheckParams struct {
	fx.In

	Stack *resilience.Standard `name:"upstream"`
}

// newUpstreamCheck is degraded while the upstream's breaker is open.
func newUpstreamCheck(p upstreamCheckParams) health.Check {
	return resilience.BreakerCheck(p.Stack.Breaker())
}
