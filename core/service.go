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
// ended, or a [*PanicError]. The name is the subject of those errors, and a pprof label of the
// goroutine.
func Background(name string, run func(ctx context.Context) error) *Loop {
	return &Loop{name: name, run: run, failed: make(chan error, 1)}
}

// Loop is a [Service] around one function; see [Background]. It can be started again after Stop.
type Loop struct {
	name   string
	run    func(context.Context) error
	failed chan error

	mu     sync.Mutex
	cancel context.CancelFunc // nil unless running
	done   chan struct{}      // closed when the function of the last Start has returned
}

var errEnded = errors.New("ended before it was stopped")

// Start starts the function. It never blocks; a second Start before Stop is an error.
func (l *Loop) Start(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cancel != nil {
		return fmt.Errorf("core: %q is already started", l.name)
	}
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	l.done = done
	go label.Do(ctx, "service", l.name, func(ctx context.Context) {
		defer close(done)
		l.watch(ctx)
	})
	return nil
}

// watch runs the function and reports it when it ends before Stop.
func (l *Loop) watch(ctx context.Context) {
	err := ErrAborted // should the function end the goroutine
	defer func() {
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errEnded
		}
		select {
		case l.failed <- fmt.Errorf("core: %q: %w", l.name, err):
		default: // an earlier failure was not read
		}
	}()
	err = Try(ctx, l.run)
}

// Stop ends the function's context and waits until it has returned, or ctx ended.
func (l *Loop) Stop(ctx context.Context) error {
	l.mu.Lock()
	if l.cancel != nil {
		l.cancel()
		l.cancel = nil
	}
	done := l.done
	l.mu.Unlock()
	if done == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("core: %q still runs: %w", l.name, context.Cause(ctx))
	}
}

// Failed gives the error when the function returns before Stop.
func (l *Loop) Failed() <-chan error { return l.failed }
