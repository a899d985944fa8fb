package flowadmin

import (
	"context"
	"fmt"
	"sync"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// App makes an [Engine], of kind "app", of the application that a registry is the health of, under the
// registry's name. The action drain, to be confirmed, takes it out of traffic: it becomes not ready, and
// goes on with all it does. The action undo_drain puts it back. Neither does anything, but return an error
// that matches core.ErrRejected, in any other state than the one it is for; a drain that comes of
// stopping is not undone.
//
// Who stops the application must keep the actions from coming in between, as fxmodule.Lifecycle does.
func App(h *health.Registry) Engine {
	a := &app{registry: h, name: h.Report(health.Readiness).Name}
	return Engine{
		Kind: "app", Name: a.name, State: a.state,
		Actions: []Action{
			{Name: "drain", Text: "Take it out of traffic: not ready, but running", Confirm: true, Do: a.drain},
			{Name: "undo_drain", Text: "Put it back into traffic", Do: a.undo},
		},
	}
}

type app struct {
	registry *health.Registry
	name     string

	mu      sync.Mutex
	drained bool // by an operator
}

func (a *app) state() []Field {
	r := a.registry.Report(health.Readiness)
	fields := []Field{field("state", r.State), field("readiness", r.Status)}
	for _, c := range r.Checks {
		if c.Status == health.Down {
			fields = append(fields, Field{"down: " + c.Name, clip(c.Error)})
		}
	}
	return fields
}

func (a *app) drain(context.Context, map[string]string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.must(health.Ready, true); err != nil {
		return "", err
	}
	a.drained = true
	return a.set(health.Draining), nil
}

func (a *app) undo(context.Context, map[string]string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.must(health.Draining, a.drained); err != nil {
		return "", err
	}
	a.drained = false
	return a.set(health.Ready), nil
}

// must is an error unless the application is in a state, and may leave it.
func (a *app) must(want health.State, may bool) error {
	if state := a.registry.State(); state != want || !may {
		return fmt.Errorf("flowadmin: app %q is %v: %w", a.name, state, core.ErrRejected)
	}
	return nil
}

func (a *app) set(to health.State) string {
	from := a.registry.State()
	a.registry.SetState(to)
	return changed(fmt.Sprintf("app %q", a.name), from.String(), to.String())
}
