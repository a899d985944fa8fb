package core

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/goflow-go/goflow/internal/label"
)

// Service runs in the background.
//
// Start returns once the service is ready, or failed to become so; ctx bounds the starting only.
// Stop finishes or hands back what was accepted and returns when nothing runs any more, or ctx
// ended; it is idempotent, safe without Start, and safe from many goroutines.
type Service interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// Watched is the optional second face of a [Service] that can fail after Start. Failed returns a
// channel that gives at most one error, and the same channel on every call.
type Watched interface {
	Service
	Failed() <-chan error
}

// Background makes a Service of a function that runs until its context ends. The function runs in
// a goroutine of its own from Start to Stop, with the values of Start's context but not its end. A
// return before Stop is a failure, reported by Failed: the function's error, an error that says it
// ended, or a [*PanicError]. An error or panic after Stop, other than the end of its context, is
// returned by Stop. The name is the subject of those errors, and a pprof label of the goroutine.
func Background(name string, run func(ctx context.Context) error) *Loop {
	return &Loop{name: name, run: run, failed: make(chan error, 1)}
}

// Loop is a [Service] around one function; see [Background]. It can be started again after Stop.
type Loop struct {
	name   string
	run    func(context.Context) error
	failed chan error

	mu   sync.Mutex
	last *execution // of the last Start; nil before the first
}

// execution is one run of a Loop's function, from a Start on.
type execution struct {
	cancel  context.CancelFunc
	stopped bool          // Stop was called; guarded by Loop.mu
	done    chan struct{} // closed when the function has returned
	err     error         // what it returned after Stop; written before done is closed
}

var errEnded = errors.New("ended before it was stopped")

// Start starts the function. It never blocks; a second Start is an error until Stop was called and
// the function has returned.
func (l *Loop) Start(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last != nil {
		if !l.last.stopped {
			return fmt.Errorf("core: %q is already started", l.name)
		}
		select {
		case <-l.last.done:
		default:
			return fmt.Errorf("core: %q still runs since it was stopped", l.name)
		}
	}
	select {
	case <-l.failed: // of an earlier run, and nobody asked
	default:
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e := &execution{cancel: cancel, done: make(chan struct{})}
	l.last = e
	go label.Do(ctx, "service", l.name, func(ctx context.Context) {
		defer close(e.done)
		l.watch(ctx, e)
	})
	return nil
}

// watch runs the function and reports how it ended.
func (l *Loop) watch(ctx context.Context, e *execution) {
	err := ErrAborted // should the function end the goroutine
	defer func() {
		stopped := ctx.Err() != nil
		switch {
		case stopped && (err == nil || errors.Is(err, context.Canceled)):
			return
		case err == nil:
			err = errEnded
		}
		err = fmt.Errorf("core: %q: %w", l.name, err)
		if stopped {
			e.err = err
			return
		}
		l.failed <- err // has room: Start emptied it
	}()
	err = Try(ctx, l.run)
}

// Stop ends the function's context and waits until it has returned, or ctx ended. It returns the
// error the function ended with after it was told to stop.
func (l *Loop) Stop(ctx context.Context) error {
	l.mu.Lock()
	e := l.last
	if e != nil {
		e.stopped = true
		e.cancel()
	}
	l.mu.Unlock()
	if e == nil {
		return nil
	}
	select {
	case <-e.done:
		return e.err
	case <-ctx.Done():
	}
	select {
	case <-e.done: // just now, or before ctx ended
		return e.err
	default:
		return fmt.Errorf("core: %q still runs: %w", l.name, context.Cause(ctx))
	}
}

// Failed gives the error when the function returns before Stop.
func (l *Loop) Failed() <-chan error { return l.failed }
