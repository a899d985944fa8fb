package health

import (
	"context"
	"slices"

	"github.com/goflow-go/goflow/core"
)

// OnChange calls f on every change from now on, as [WithOnChange] does, until stop is called. A call
// under way when stop is called still ends after it. Stop is idempotent, and may be called by f.
func (r *Registry) OnChange(f func(Change)) (stop func()) { return subscribe(r, &r.hooks, f) }

// OnRun calls f after every run of a check from now on, until stop is called, as OnChange does, and
// before the change the run has led to.
func (r *Registry) OnRun(f func(group Group, check string, run Run)) (stop func()) {
	return subscribe(r, &r.onRun, f)
}

func subscribe[F any](r *Registry, hooks *[]*F, f F) (stop func()) {
	hook := &f
	r.mu.Lock()
	defer r.mu.Unlock()
	*hooks = append(slices.Clone(*hooks), hook)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		*hooks = slices.DeleteFunc(slices.Clone(*hooks), func(h *F) bool { return h == hook })
	}
}

// tell calls the hooks; the caller does not hold r.mu.
func (r *Registry) tell(c Change) {
	r.mu.Lock()
	hooks := r.hooks
	r.mu.Unlock()
	for _, hook := range hooks {
		_ = core.Try(context.Background(), func(context.Context) error { (*hook)(c); return nil })
	}
}

// tellRun is tell for runs.
func (r *Registry) tellRun(group Group, name string, run Run) {
	r.mu.Lock()
	hooks := r.onRun
	r.mu.Unlock()
	for _, hook := range hooks {
		_ = core.Try(context.Background(), func(context.Context) error { (*hook)(group, name, run); return nil })
	}
}
