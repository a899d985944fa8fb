package flowadmin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/goflow-go/goflow/core"
)

// Engine is what is known of an engine beside its telemetry: how it is set, and what an operator may do
// with it. The console shows it with the metrics whose attribute goflow.KIND.name is its name.
type Engine struct {
	Kind    string         // "limiter", "breaker", "job": as in the names of its metrics
	Name    string         // the name it was made with
	State   func() []Field // what there is to read; it does not block. Nil for nothing
	Actions []Action
}

// Field is a setting or a state in words.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Action is something an operator may do with an engine.
type Action struct {
	Name    string // such as "set_rate"
	Text    string // such as "Set the rate"
	Params  []Param
	Confirm bool // to be asked about first: it may hurt callers

	// Do does it. It has a value for each of Params, and may block until ctx ends. What it returns is for
	// people: what has changed, from what to what.
	Do func(ctx context.Context, args map[string]string) (string, error)
}

// Param is what an [Action] has to be told.
type Param struct {
	Name    string        // such as "rate"
	Text    string        // such as "permits a second, as in 100/s"
	Current func() string // the value now; nil for none
}

// maxEngines bounds the engines of a registry.
const maxEngines = 1000

// Engines are the engines of a process. The zero value is ready to use. All methods are safe for
// concurrent use.
type Engines struct {
	mu   sync.Mutex
	list []*Engine
}

// Add adds an engine until remove is called. It is an error when there is one of its kind and name, or
// there are 1000.
func (e *Engines) Add(engine Engine) (remove func(), err error) {
	if err := core.Configure("flowadmin", "engines", engine.validate()); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.find(engine.Kind, engine.Name) != nil {
		return nil, fmt.Errorf("flowadmin: a %s %q exists: %w", engine.Kind, engine.Name, core.ErrInvalid)
	}
	if len(e.list) == maxEngines {
		return nil, fmt.Errorf("flowadmin: no room for %s %q beside %d: %w", engine.Kind, engine.Name, maxEngines, core.ErrInvalid)
	}
	added := &engine
	e.list = append(e.list, added)
	return func() { e.remove(added) }, nil
}

func (e *Engines) remove(added *Engine) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := slices.Index(e.list, added); i >= 0 {
		e.list = slices.Delete(e.list, i, i+1)
	}
}

// List gives the engines, by kind and name.
func (e *Engines) List() []Engine {
	e.mu.Lock()
	all := make([]Engine, len(e.list))
	for i, engine := range e.list {
		all[i] = *engine
	}
	e.mu.Unlock()
	slices.SortFunc(all, func(a, b Engine) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return all
}

// Find gives the engine of a kind and name.
func (e *Engines) Find(kind, name string) (engine Engine, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if found := e.find(kind, name); found != nil {
		return *found, true
	}
	return Engine{}, false
}

func (e *Engines) find(kind, name string) *Engine {
	for _, engine := range e.list {
		if engine.Kind == kind && engine.Name == name {
			return engine
		}
	}
	return nil
}

// validate reports what is wrong with an engine.
func (e Engine) validate() error {
	var faults core.Faults
	faults.Require(e.Kind != "", "Engine.Kind", e.Kind, "must not be empty")
	faults.Require(e.Name != "", "Engine.Name", e.Name, "must not be empty")
	taken := map[string]bool{}
	for _, a := range e.Actions {
		faults.Require(a.Name != "" && !taken[a.Name], "Action.Name", a.Name, "must be that of no other action")
		faults.Require(a.Do != nil, "Action.Do", a.Name, "must not be nil")
		taken[a.Name] = true
		for _, p := range a.Params {
			faults.Require(p.Name != "", "Param.Name", a.Name, "must not be empty")
		}
	}
	return faults.Err()
}
