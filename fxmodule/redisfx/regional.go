package redisfx

import (
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/fxmodule/internal/ctor"
	"github.com/goflow-go/goflow/fxmodule/internal/engines"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
	"github.com/goflow-go/goflow/limit"
)

// Regional provides a *flowredis.Regional, also as a limit.Limiter, under the name: a limit for several regions,
// each with a Redis of its own. It lends and borrows while the application runs. config is a function that
// returns a flowredis.RegionalConfig, and perhaps an error; what it takes comes from the graph, as the clients of the
// regions may, which who made them closes. A function that returns something else is an error of the application.
//
// It needs no [Module], and has its coordinators to itself.
func Regional(name string, config any, opts ...flowredis.Option) fx.Option {
	if err := ctor.Makes[flowredis.RegionalConfig]("redisfx: Regional", config); err != nil {
		return fx.Error(err)
	}
	return fx.Module("goflow.regional",
		fx.Provide(fx.Private, servicefx.New, otelin.New, config),
		fx.Provide(fx.Annotate(
			func(p regionalParams) (*flowredis.Regional, error) { return newRegional(name, p, opts) },
			fx.ResultTags(fmt.Sprintf(`name:%q`, name)), fx.As(fx.Self()), fx.As(new(limit.Limiter)),
		)),
	)
}

type regionalParams struct {
	fx.In

	Lifecycle fx.Lifecycle
	Runner    *servicefx.Runner
	Providers otelin.Providers
	Engines   engines.In
	Config    flowredis.RegionalConfig
}

// newRegional makes one that runs with the application.
func newRegional(name string, p regionalParams, opts []flowredis.Option) (*flowredis.Regional, error) {
	r, err := flowredis.NewRegional(name, p.Config, append([]flowredis.Option{flowredis.WithTelemetry(p.Providers.Options...)}, opts...)...)
	if err != nil {
		return nil, err
	}
	p.Lifecycle.Append(fx.StopHook(r.Close))
	p.Runner.Run(fmt.Sprintf("regional limiter %q", name), r)
	p.Engines.Known(flowadmin.Limiter(r))
	return r, nil
}
