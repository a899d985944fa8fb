// Package engines makes the engines of an fx application known to its console, where it has one.
package engines

import (
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
)

// In is a parameter object. In an application without engines in its graph, which is one without a
// console, it does nothing.
type In struct {
	fx.In

	Lifecycle fx.Lifecycle
	Engines   *flowadmin.Engines `optional:"true"`
}

// Known makes engines known from the application's start to its stop. Called after an engine's own hooks
// were appended, it takes the engine away before the engine stops.
func (in In) Known(list ...flowadmin.Engine) {
	if in.Engines == nil {
		return
	}
	for _, e := range list {
		var remove func()
		in.Lifecycle.Append(fx.StartStopHook(
			func() { remove = in.add(e) },
			func() { remove() },
		))
	}
}

// add adds an engine. Of several of one kind and name, as a breaker and that of a resilience.Standard may
// be, the later ones have a number behind their name: their metrics are with the first. Those there is no
// room for are left out: an application does not fail because of its console.
func (in In) add(e flowadmin.Engine) (remove func()) {
	name := e.Name
	for n := 2; ; n++ {
		if _, taken := in.Engines.Find(e.Kind, e.Name); !taken {
			break
		}
		e.Name = fmt.Sprintf("%s (%d)", name, n)
	}
	remove, err := in.Engines.Add(e)
	if err != nil {
		return func() {}
	}
	return remove
}
