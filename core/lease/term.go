package lease

import (
	"context"
	"sync"

	"github.com/goflow-go/goflow/core"
)

// Term is a time during which an [Elector] leads.
type Term struct {
	lease  *Lease
	ctx    context.Context //nolint:containedctx // the end of the term is the end of this context
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	tasks int           // under way
	over  bool          // no further task begins
	idle  chan struct{} // closed when over and no task is under way
}

func newTerm(l *Lease) *Term {
	ctx, cancel := context.WithCancelCause(l.ctx)
	return &Term{lease: l, ctx: leaseContext{ctx, l, cancel}, cancel: cancel, idle: make(chan struct{})}
}

// Context ends with the term, with an [*EndedError] as its cause. See [Lease.Context].
func (t *Term) Context() context.Context { return t.ctx }

// Token is the term's fencing token: higher than that of every earlier term, of whichever instance.
func (t *Term) Token() uint64 { return t.lease.token }

// enter counts a task, unless the term is over.
func (t *Term) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return false
	}
	t.tasks++
	return true
}

func (t *Term) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tasks--
	t.closeIfIdle()
}

// end ends the term; idle is closed once its tasks have returned.
func (t *Term) end(why error) (idle <-chan struct{}) {
	t.cancel(why)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	t.closeIfIdle()
	return t.idle
}

func (t *Term) closeIfIdle() {
	if t.over && t.tasks == 0 {
		close(t.idle)
	}
}

// WhileLeader is a policy that runs the task only while e leads; otherwise it returns an error that matches
// core.ErrRejected, and a scheduled job's run is skipped. The task's context ends with the term, and
// [TokenOf] finds the term's fencing token there. An elector that is stopped resigns only once
// these tasks have returned.
func WhileLeader(e *Elector) core.Policy {
	return core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		term, ok := e.Leader()
		if !ok || !term.enter() {
			return &notLeadingError{e.inst.name}
		}
		defer term.leave()
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		stop := context.AfterFunc(term.ctx, func() { cancel(context.Cause(term.ctx)) })
		defer stop()
		err := task(leaseContext{ctx, term.lease, cancel})
		ended, _ := context.Cause(term.ctx).(*EndedError) //nolint:errorlint // the cause itself
		return because(ended, err)
	})
}
