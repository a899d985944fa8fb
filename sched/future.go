package sched

import (
	"context"
	"sync"
)

// Future is the result of a function that [Go] has given to a pool. All methods are safe for concurrent
// use, and any number may wait. A future that no one asks holds up no worker. But a task that waits for a
// future of its own pool does: where many would, use a [Group], whose Wait helps.
type Future[T any] struct {
	terms call
	f     func(context.Context) (T, error)
	value T // written by the worker before it is settled

	lock    sync.Mutex
	settled bool
	err     error
	done    chan struct{} // made when someone first waits
}

// Go gives the pool a function and returns its result to be. The caller waits for it, so the function runs
// under ctx, its deadline, cancellation and span included; its context also ends when the pool is stopped
// and cannot wait for it any longer. A function whose ctx ends before it begins never runs.
//
// When the queue is full, Go does as Submit. What Submit would return is then the future's error, as are a
// panic of f, a *core.PanicError, and the [*FullError] or [*StoppedError] of a function that was accepted
// and never began.
func Go[T any](ctx context.Context, p *Pool, f func(ctx context.Context) (T, error), opts ...TaskOption) *Future[T] {
	future := &Future[T]{f: f}
	if err := future.submit(ctx, p, opts); err != nil {
		future.settle(err)
	}
	return future
}

func (f *Future[T]) submit(ctx context.Context, p *Pool, opts []TaskOption) error {
	if f.f == nil {
		return p.invalid("f")
	}
	o, err := p.options(opts)
	if err != nil {
		return err
	}
	it := item{work: f}
	f.terms.option = o
	p.attend(ctx, &f.terms, &it)
	return p.put(ctx, it, o.priority)
}

// Wait blocks until the function has returned, or ctx ends, which ends the waiting only: its error is then
// the cause of ctx.
func (f *Future[T]) Wait(ctx context.Context) (T, error) {
	if f.over() {
		return f.value, f.err
	}
	select {
	case <-f.Done():
	case <-ctx.Done():
		if !f.over() {
			var zero T
			return zero, context.Cause(ctx)
		}
	}
	return f.value, f.err
}

// over reports whether the result is there. What it is no longer changes then.
func (f *Future[T]) over() bool {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.settled
}

// closedChannel is the Done of futures that were settled before someone asked.
var closedChannel = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Done is closed when the function has returned, or will never run.
func (f *Future[T]) Done() <-chan struct{} {
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.done == nil {
		if f.settled {
			f.done = closedChannel
		} else {
			f.done = make(chan struct{})
		}
	}
	return f.done
}

func (f *Future[T]) place() *call { return &f.terms }

func (f *Future[T]) run(ctx context.Context) (err error) {
	f.value, err = f.f(ctx)
	return err
}

func (f *Future[T]) abandon(err error) { f.settle(err) }

// settle publishes the result. The function is let go of, and what it holds.
func (f *Future[T]) settle(err error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.f = nil
	f.err, f.settled = err, true
	if f.done != nil {
		close(f.done)
	}
}
