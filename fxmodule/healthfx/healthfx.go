// Package healthfx gives an fx application its health registry, and runs its checks from start to
// stop. Add checks with [AsCheck]. Whether the application is ready is decided by the lifecycle of
// package fxmodule.
package healthfx

import (
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/fxmodule/internal/ctor"
)

// Module provides *health.Registry out of an optional health.Config and the checks added.
var Module = fx.Module("goflow.health", fx.Provide(New))

const checks = `group:"flow.health"`

// Params is what [New] takes from the graph.
type Params struct {
	fx.In

	Lifecycle fx.Lifecycle
	Config    health.Config  `optional:"true"`
	Checks    []health.Check `group:"flow.health"`
}

// New makes the registry of the application and runs it.
func New(p Params) (*health.Registry, error) {
	r, err := health.New("app", p.Config)
	if err != nil {
		return nil, err
	}
	for _, c := range p.Checks {
		if err := r.Add(c); err != nil {
			return nil, err
		}
	}
	p.Lifecycle.Append(fx.StartStopHook(r.Start, r.Stop))
	return r, nil
}

// AsCheck adds the check that constructor makes: a function of anything in the graph that returns a
// health.Check, and perhaps an error. Any other function is an error of the application: fx alone
// would leave it out without a word.
func AsCheck(constructor any) fx.Option {
	if err := ctor.Makes[health.Check]("healthfx: AsCheck", constructor); err != nil {
		return fx.Error(err)
	}
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(checks)))
}
