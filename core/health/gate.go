package health

import (
	"context"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Gate is a service to start last and stop first, as the last member of a core.Group: its Start
// makes the state Ready, its Stop makes it Draining and, when it was Ready, waits for drain, so that
// whoever sends traffic can notice before anything else stops. The waiting ends with the context of
// Stop.
func (r *Registry) Gate(drain time.Duration) core.Service { return &gate{r, drain} }

type gate struct {
	registry *Registry
	drain    time.Duration
}

func (g *gate) Start(context.Context) error {
	g.registry.SetState(Ready)
	return nil
}

func (g *gate) Stop(ctx context.Context) error {
	was := g.registry.State()
	if was == Stopped {
		return nil
	}
	g.registry.SetState(Draining)
	if was != Ready || g.drain <= 0 {
		return nil
	}
	timer := time.NewTimer(g.drain)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}
