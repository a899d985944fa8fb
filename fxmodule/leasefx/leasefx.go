// Package leasefx gives an fx application its locker and electors: who may act, which instance leads, and
// which of many runs a scheduled job.
//
//	fx.New(
//		fxmodule.Module, // this module is a part of it
//		redisfx.Module,  // among processes, where addresses of Redis are configured
//		leasefx.Elector("reports"),
//		schedfx.AsJob(newReport, schedfx.Once()),
//	)
//
// Leases are kept by the lease.Store in the graph, as package redisfx provides it, and otherwise in this
// process. Both report to the application's OpenTelemetry providers, the global ones where it has none, and
// are known to its console, if it has one.
package leasefx

import (
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/fxmodule/internal/engines"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
)

// Module provides the application's *lease.Locker, "app", out of an optional lease.Config. It is made when
// something asks for it. It is part of fxmodule.Module.
var Module = fx.Module("goflow.lease", fx.Provide(New))

// name is the locker's.
const name = "app"

// Params is what [New] takes from the graph.
type Params struct {
	fx.In

	Lifecycle fx.Lifecycle
	Providers otelin.In
	Engines   engines.In
	Config    lease.Config `optional:"true"`
	Store     lease.Store  `optional:"true"` // nil keeps leases in this process
}

// New makes the application's locker. It is closed when the application stops.
func New(p Params) (*lease.Locker, error) {
	if p.Store == nil {
		p.Store = lease.NewMemory()
	}
	l, err := lease.NewLocker(name, p.Store, p.Config, lease.WithTelemetry(p.Providers.Options()...))
	if err == nil {
		p.Lifecycle.Append(fx.StopHook(l.Close))
		p.Engines.Known(flowadmin.Described("lease", l))
	}
	return l, err
}

// Elector provides a *lease.Elector under the name, which campaigns while the application runs. It needs a
// *lease.Locker in the graph, as [Module] provides it. On stop it resigns once the tasks under
// lease.WhileLeader have returned.
func Elector(name string, opts ...lease.Option) fx.Option {
	provide := func(r *servicefx.Runner, p otelin.Providers, known engines.In, l *lease.Locker) (*lease.Elector, error) {
		e, err := lease.NewElector(name, l, append([]lease.Option{lease.WithTelemetry(p.Options...)}, opts...)...)
		if err == nil {
			r.Run(fmt.Sprintf("elector %q", name), e)
			known.Known(flowadmin.Elector(e))
		}
		return e, err
	}
	return fx.Module("goflow.elector",
		fx.Provide(fx.Private, servicefx.New, otelin.New),
		fx.Provide(fx.Annotate(provide, fx.ResultTags(fmt.Sprintf(`name:%q`, name)))),
	)
}
