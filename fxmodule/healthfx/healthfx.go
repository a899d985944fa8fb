// Package healthfx gives an fx application its health registry, and runs its checks from start to
// stop. Add checks with [AsCheck]. What the checks find goes to the application's OpenTelemetry
// providers, the global ones where it has none, and to an Alertmanager with [Webhook]. Whether the
// application is ready is decided by the lifecycle of package fxmodule.
package healthfx

import (
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/watch"
	"github.com/goflow-go/goflow/fxmodule/internal/ctor"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
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
	Providers otelin.In
}

// New makes the registry of the application, runs it, and watches it.
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
	w, err := watch.New("app", r, watch.WithTelemetry(p.Providers.Options()...))
	if err != nil {
		return nil, err
	}
	p.Lifecycle.Append(fx.StopHook(w.Close)) // after the registry's
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

// Webhook posts alerts about the application's checks, from start to stop, as watch.NewWebhook says.
// The name is the webhook's.
func Webhook(name string, cfg watch.WebhookConfig, opts ...watch.Option) fx.Option {
	return fx.Module("goflow.health.webhook", fx.Invoke(func(lc fx.Lifecycle, r *health.Registry, providers otelin.In) error {
		hook, err := watch.NewWebhook(name, cfg, r, append([]watch.Option{watch.WithTelemetry(providers.Options()...)}, opts...)...)
		if err != nil {
			return err
		}
		lc.Append(fx.StopHook(hook.Close)) // after it has stopped
		lc.Append(fx.StartStopHook(hook.Start, hook.Stop))
		return nil
	}))
}
