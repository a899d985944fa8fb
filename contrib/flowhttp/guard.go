package flowhttp

import (
	"context"
	"net/http"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// guard runs next under the policies. The error is that of a policy that refused r.
func (m *Middleware) guard(w http.ResponseWriter, r *http.Request, next http.Handler) (refused bool, err error) {
	ctx := m.ranked(r)
	if m.gate != nil {
		err = m.admitted(ctx, w, r, next)
		return err != nil, err
	}
	x := run{m: m, w: w, r: r, next: next}
	err = m.policy.Do(ctx, x.task)
	return !x.over(), err
}

// ranked gives the context r is admitted with: it says how important r is.
func (m *Middleware) ranked(r *http.Request) context.Context {
	ctx := r.Context()
	if m.importance != nil {
		if i := m.importance(r); i != limit.Normal {
			return limit.WithImportance(ctx, i)
		}
	}
	return ctx
}

// admitted runs next when the gate admits r, without a closure and without a copy of r.
func (m *Middleware) admitted(ctx context.Context, w http.ResponseWriter, r *http.Request, next http.Handler) error {
	var tickets core.Tickets
	outcome := core.ErrAborted
	defer func() { m.gate.Done(&tickets, outcome) }()
	if err := m.gate.Admit(ctx, &tickets); err != nil {
		outcome = err
		return err
	}
	outcome = m.serve(w, r, next)
	return nil
}

// serve runs next, and says how policies are to take it.
func (m *Middleware) serve(w http.ResponseWriter, r *http.Request, next http.Handler) error {
	if m.failures == nil {
		next.ServeHTTP(w, r)
		return nil
	}
	w, watched := watch(w)
	next.ServeHTTP(w, r)
	if status := watched.final(); m.failures(status) {
		return &StatusError{Name: m.name, Status: status, handler: true}
	}
	return nil
}
