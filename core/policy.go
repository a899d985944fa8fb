package core

import (
	"context"
	"sync"
)

// Task is one unit of work. It returns soon after ctx ends.
type Task func(ctx context.Context) error

// Policy decides whether, when, how often and how long a Task runs.
//
// Do runs task under the policy in the calling goroutine and returns the task's error, or the
// policy's own when the task was not run to its end. A Policy is safe for concurrent use. Do blocks
// for as long as the policy and the task need; it returns soon after ctx ends.
type Policy interface {
	Do(ctx context.Context, task Task) error
}

// PolicyFunc is a function that is a [Policy].
type PolicyFunc func(ctx context.Context, task Task) error

// Do calls f.
func (f PolicyFunc) Do(ctx context.Context, task Task) error { return f(ctx, task) }

// Admitter is a [Policy] that only admits and observes: limits, breakers, concurrency bounds. It
// never changes the context, and runs the task exactly once, at once, when it admits it. Its Do is
// [Guard] of itself; who cannot put the work in a function (an HTTP handler, a stream stage) calls
// Admit and Done.
//
// Admit either admits the caller, who then calls Done exactly once with the Ticket and the outcome,
// or returns an error and expects no Done. Admit may block until ctx ends. Done does not block.
// Both are safe for concurrent use.
type Admitter interface {
	Policy
	Admit(ctx context.Context) (Ticket, error)
	Done(t Ticket, err error)
}

// Ticket is what an [Admitter] needs to remember from Admit to Done. What the fields mean is the
// Admitter's own affair; who holds a Ticket only hands it back. The zero Ticket is valid for
// Admitters that remember nothing.
type Ticket struct {
	ID    uint64 // which admission it was: a generation, a weight, a slot
	Start int64  // when it was admitted, on the Admitter's clock
}

// Guard runs task under a: it is the Do of every [Admitter]. When task panics, or ends its
// goroutine, Done is told [ErrAborted] and the panic goes on.
func Guard(ctx context.Context, a Admitter, task Task) error {
	t, err := a.Admit(ctx)
	if err != nil {
		return err
	}
	outcome := ErrAborted
	defer func() { a.Done(t, outcome) }()
	err = task(ctx)
	outcome = err
	return err
}

// Call runs f under p and returns its value. A nil p runs f as it is. When p runs f more than once
// (a retry), or at the same time (a hedge), the value is that of the last run that succeeded before p
// returned, or else of the last that failed; when f did not run, it is the zero value.
//
// Under a policy that is an [Admitter], or was composed of Admitters only, Call adds no allocation.
func Call[T any](ctx context.Context, p Policy, f func(ctx context.Context) (T, error)) (T, error) {
	switch p := p.(type) {
	case nil:
		return f(ctx)
	case *Gate:
		return callAdmitted(ctx, p, f)
	case Admitter:
		return callAdmitter(ctx, p, f)
	default:
		return callPolicy(ctx, p, f)
	}
}

// callPolicy stands apart from Call because its result moves to the heap.
func callPolicy[T any](ctx context.Context, p Policy, f func(context.Context) (T, error)) (T, error) {
	var r result[T]
	err := p.Do(ctx, func(ctx context.Context) error {
		v, err := f(ctx)
		r.set(v, err == nil)
		return err
	})
	return r.take(), err
}

// result is the value of a function that a policy may run several times, or at the same time.
type result[T any] struct {
	mu    sync.Mutex
	v     T
	good  bool // v is of a run that succeeded
	taken bool
}

// set notes the value of a run. That of a run that failed never replaces that of one that succeeded,
// and none replaces what was taken.
func (r *result[T]) set(v T, good bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.taken && (good || !r.good) {
		r.v, r.good = v, good
	}
}

func (r *result[T]) take() T {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = true
	return r.v
}

func callAdmitter[T any](ctx context.Context, a Admitter, f func(context.Context) (T, error)) (v T, err error) {
	t, err := a.Admit(ctx)
	if err != nil {
		return v, err
	}
	outcome := ErrAborted
	defer func() { a.Done(t, outcome) }()
	v, err = f(ctx)
	outcome = err
	return v, err
}
