package fxmodule

import (
	"context"
	"fmt"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
)

// operated makes what operators do with the application part of its life: nothing is done while the
// application stops, and every change is told of.
func (g *gate) operated(app flowadmin.Engine, tell func(ctx context.Context)) flowadmin.Engine {
	for i := range app.Actions {
		do := app.Actions[i].Do
		app.Actions[i].Do = func(ctx context.Context, args map[string]string) (string, error) {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.closed {
				return "", fmt.Errorf("fxmodule: the application stops: %w", core.ErrClosed)
			}
			text, err := do(ctx, args)
			if err == nil {
				tell(ctx)
			}
			return text, err
		}
	}
	return app
}
