package flowredis

import (
	"context"
	"sync/atomic"
	"time"
)

// budgets gives contexts that end with the budget. A timer for each decision would cost more than all
// else that is ours, so calls that begin at nearly the same time share one, which ends up to a
// twentieth of the budget early.
type budgets struct {
	budget time.Duration
	latest atomic.Pointer[end]
}

// end is when calls that began together must be over.
type end struct {
	begun int64 // on internal/clock
	at    time.Time
	done  chan struct{}
}

// sharing is which part of the budget calls that share an end may be apart.
const sharing = 20

// at gives the end for a call that begins now.
func (b *budgets) at(now int64) *end {
	e := b.latest.Load()
	if e != nil && now-e.begun < int64(b.budget)/sharing {
		return e
	}
	next := &end{begun: now, at: time.Now().Add(b.budget), done: make(chan struct{})}
	if !b.latest.CompareAndSwap(e, next) {
		return b.at(now)
	}
	time.AfterFunc(b.budget, func() { close(next.done) })
	return next
}

// budgeted is a caller's context until the end of the budget. That the caller cancels it is not noticed
// before: go-redis heeds the deadline of a context on the wire, but not its being cancelled.
type budgeted struct {
	context.Context //nolint:containedctx // it is one
	end             *end
}

func (b *budgeted) Deadline() (time.Time, bool) {
	if at, ok := b.Context.Deadline(); ok && at.Before(b.end.at) {
		return at, true
	}
	return b.end.at, true
}

func (b *budgeted) Done() <-chan struct{} { return b.end.done }

func (b *budgeted) Err() error {
	select {
	case <-b.end.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
