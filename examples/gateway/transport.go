package main

import (
	"net/http"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/fxmodule/resiliencefx"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// guards are the policies around the upstream.
func guards(cfg config) fx.Option {
	return fx.Options(
		limitfx.Concurrency("upstream", limit.ConcurrencyConfig{Limit: cfg.Concurrency}),
		resiliencefx.Standard("upstream", resilience.StandardConfig{
			Timeout: cfg.Timeout,
			Breaker: resilience.BreakerConfig{MinCalls: 10, OpenFor: 2 * time.Second},
		}),
		fx.Provide(fx.Annotate(newTransport, fx.As(new(http.RoundTripper)), fx.ResultTags(`name:"upstream"`))),
	)
}

type transportParams struct {
	fx.In

	Lifecycle fx.Lifecycle
	SDK       *otelsdk.SDK
	Permits   *limit.Concurrency   `name:"upstream"`
	Stack     *resilience.Standard `name:"upstream"`
}

// newTransport sends requests to the upstream. What is safe to send again is retried; the rest is not.
func newTransport(p transportParams) (*flowhttp.Transport, error) {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 256 // the upstream is one host
	p.Lifecycle.Append(fx.StopHook(base.CloseIdleConnections))
	return flowhttp.NewTransport("upstream", flowhttp.TransportConfig{},
		flowhttp.WithBase(base),
		flowhttp.WithPolicies(p.Permits, p.Stack),
		flowhttp.WithTelemetry(p.SDK.Options()...),
		flowhttp.WithPropagators(p.SDK.Propagator()))
}
