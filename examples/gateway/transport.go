package main

import (
	"net/http"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
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

// transport sends requests to the upstream. What is safe to send again is retried; the rest is not.
type transport struct{ again, once *flowhttp.Transport }

func newTransport(p transportParams) (*transport, error) {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 256 // the upstream is one host
	options := func(policies ...core.Policy) []flowhttp.TransportOption {
		return []flowhttp.TransportOption{
			flowhttp.WithBase(base),
			flowhttp.WithPolicies(policies...),
			flowhttp.WithTelemetry(p.SDK.Options()...),
			flowhttp.WithPropagators(p.SDK.Propagator()),
		}
	}
	again, err := flowhttp.NewTransport("upstream", flowhttp.TransportConfig{}, options(p.Permits, p.Stack)...)
	if err != nil {
		return nil, err
	}
	once, err := flowhttp.NewTransport("upstream", flowhttp.TransportConfig{}, options(p.Permits, p.Stack.Breaker())...)
	if err != nil {
		return nil, err
	}
	p.Lifecycle.Append(fx.StopHook(base.CloseIdleConnections))
	return &transport{again, once}, nil
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return t.again.RoundTrip(r)
	}
	return t.once.RoundTrip(r)
}
