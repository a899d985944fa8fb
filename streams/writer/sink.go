package writer

import (
	"context"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
)

// attempt is the writing of a piece's rest, under the policy.
type attempt struct {
	sink io.Writer

	mu     sync.Mutex // a policy may run the task in other goroutines
	rest   []byte
	unsure error // the sink left open what it took; it is not called again

	n    atomic.Int64 // bytes the sink took
	over atomic.Bool  // the policy has returned, or Stop has given up: the sink is not called again
}

// taken is how an attempt has ended.
type taken struct {
	n      int
	err    error
	unsure bool // more than n bytes may have been written
}

// send gives the rest of a piece to the sink, under the policy.
func (w *Writer) send(ctx context.Context, a *attempt) taken {
	start := clock.Now()
	run := a.run
	if w.policy != nil {
		run = func(ctx context.Context) error { return w.policy.Do(ctx, a.run) }
	}
	err := core.Try(ctx, run)
	t := a.end(err)
	w.inst.flushed(ctx, start, t.err)
	return t
}

// end closes the attempt. A policy that made an error of nothing is not believed, nor one that made nothing of an
// error.
func (a *attempt) end(err error) taken {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over.Store(true)
	switch {
	case a.unsure != nil:
		err = a.unsure
	case err == nil && len(a.rest) > 0:
		err = io.ErrShortWrite
	}
	return taken{int(a.n.Load()), err, a.unsure != nil}
}

// run is the policy's task: it goes on where the sink stopped.
func (a *attempt) run(context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.rest) > 0 && !a.over.Load() {
		if a.unsure != nil {
			return a.unsure
		}
		n, err := a.write()
		if a.unsure == nil {
			a.n.Add(int64(n))
			a.rest = a.rest[n:]
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write calls the sink once and checks what it says. A count that cannot be, with an error or without, says nothing
// about what was written; only less than none with an error is taken as none, as system calls mean it.
func (a *attempt) write() (n int, err error) {
	returned := false
	defer func() {
		if !returned { // it panicked, or ended its goroutine
			err = &core.PanicError{Value: recover(), Stack: debug.Stack()}
			a.unsure = err
		}
	}()
	n, err = a.sink.Write(a.rest)
	returned = true
	switch {
	case n < 0 && err != nil:
		return 0, err
	case n < 0 || n > len(a.rest):
		a.unsure = &CountError{n, len(a.rest)}
		return 0, a.unsure
	case n == 0 && err == nil:
		return 0, io.ErrShortWrite
	}
	return n, err
}
