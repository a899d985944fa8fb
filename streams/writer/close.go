package writer

import (
	"context"
	"fmt"
)

// flush is a caller of Flush that waits.
type flush struct {
	until int64 // the position up to which all is to be written
	since int64 // attempts that had begun
	done  chan error
}

// Flush waits until all that was accepted before has been written, or ctx ends. It returns a [*LostError] when some
// was dropped or lost since the Flush before, or is not written yet: because ctx ended, or because the sink fails,
// even when tried again at once. What is not written yet is still held, and tried again. When the writer is closed
// it returns what Stop does.
func (w *Writer) Flush(ctx context.Context) error {
	w.mu.Lock()
	if w.closing {
		w.mu.Unlock()
		return w.ended(ctx)
	}
	w.sealEarly()
	f := &flush{until: w.accepted().Writes, since: w.attempts, done: make(chan error, 1)}
	w.flushes = append(w.flushes, f)
	w.resolve()
	w.unlock()
	signal(w.wake)
	signal(w.kick)
	select {
	case err := <-f.done:
		return err
	case <-ctx.Done():
		return w.unflushed(f, context.Cause(ctx))
	}
}

// sealEarly lets the open buffer be written though it is not full: at once, or when the queue, whose writes come
// first, is empty. The caller holds mu.
func (w *Writer) sealEarly() {
	if w.spilled.Writes > 0 {
		w.due = true
		return
	}
	w.seal()
	w.open()
}

// ended waits for the end of a writer that closes.
func (w *Writer) ended(ctx context.Context) error {
	select {
	case <-w.done:
		return w.final
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return &LostError{Writer: w.inst.name, Pending: w.held(), Err: context.Cause(ctx)}
}

// unflushed ends the wait of f.
func (w *Writer) unflushed(f *flush, cause error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case err := <-f.done: // just now, or before ctx ended
		return err
	default:
	}
	w.endFlushes(func(g *flush) bool { return g == f }, func() error { return w.report(w.held(), w.because(cause)) })
	return <-f.done
}

// settled is the position of the oldest write of which nothing has become yet. The caller holds mu.
func (w *Writer) settled() int64 {
	switch {
	case w.current != nil:
		return w.current.start
	case len(w.full) > 0:
		return w.full[0].start
	case w.spilled.Writes > 0:
		return w.firstSpill
	case w.last != nil:
		return w.last.start
	}
	return w.sealed.Writes
}

// resolve ends the Flushes whose writes are settled. The caller holds mu.
func (w *Writer) resolve() {
	if len(w.flushes) == 0 {
		return
	}
	settled := w.settled()
	w.endFlushes(func(f *flush) bool { return settled >= f.until }, func() error { return w.report(Amount{}, w.cause) })
}

// failFlushes ends the Flushes since which the sink has been tried, and failed. The caller holds mu.
func (w *Writer) failFlushes() {
	if w.held() != (Amount{}) {
		w.endFlushes(func(f *flush) bool { return f.since < w.attempts }, func() error { return w.report(w.held(), w.failing) })
	}
}

// endFlushes ends some of the waiting Flushes.
func (w *Writer) endFlushes(which func(*flush) bool, err func() error) {
	rest := w.flushes[:0]
	for _, f := range w.flushes {
		if which(f) {
			f.done <- err()
			continue
		}
		rest = append(rest, f)
	}
	clear(w.flushes[len(rest):])
	w.flushes = rest
}

// report is the error of a Flush: what was lost and not reported yet, and what is pending. The caller holds mu.
func (w *Writer) report(pending Amount, err error) error {
	gone := w.dropped.plus(w.lost)
	e := &LostError{Writer: w.inst.name, Lost: gone.minus(w.told), Pending: pending, Err: err}
	w.told, w.cause = gone, nil
	if e.Lost == (Amount{}) && e.Pending == (Amount{}) {
		return nil
	}
	return e
}

// because adds the sink's error, if it fails, to why it was not waited for. The caller holds mu.
func (w *Writer) because(cause error) error {
	if w.failing == nil || cause == nil {
		return cause
	}
	return fmt.Errorf("%w, while the sink fails: %w", cause, w.failing)
}

// Close is Stop with a context that ends after CloseTimeout.
func (w *Writer) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), w.cfg.CloseTimeout)
	defer cancel()
	return w.Stop(ctx)
}

// Start does nothing: a writer works from New on, and cannot be started again after Stop. It is there to make the
// writer a core.Service. The error matches core.ErrClosed.
func (w *Writer) Start(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing {
		return w.closed
	}
	return nil
}

// Stop takes no more writes, and waits until what was accepted is written or ctx ends. Then it gives up: what the sink
// is being given, and has not said it took, counts as not written, and nothing more is given to it.
//
// It returns a [*LostError] if anything that was accepted since [New] was not written, with exact counts. Every
// call returns the same.
func (w *Writer) Stop(ctx context.Context) error {
	w.mu.Lock()
	if !w.closing {
		w.closing = true
		w.shut()
		w.room.Broadcast()
	}
	w.unlock()
	signal(w.wake)
	signal(w.kick)
	select {
	case <-w.done:
	case <-ctx.Done():
		w.finish(context.Cause(ctx))
	}
	<-w.done
	return w.final
}

// shut seals the open slot, or takes it back when it is empty. The caller holds mu.
func (w *Writer) shut() {
	for {
		if w.last = w.cut(); w.last != nil {
			break
		}
		s := w.state.Load()
		if s&offsetMask == none {
			return
		}
		if s&offsetMask == 0 && w.state.CompareAndSwap(s, none) {
			w.free = append(w.free, &w.slots[s>>slotShift])
			return
		}
	}
}

// finish sets what Stop returns, and frees what the writer has. A cause says why it is not all written.
func (w *Writer) finish(cause error) {
	w.mu.Lock()
	if w.finished {
		w.mu.Unlock()
		return
	}
	w.finished = true
	if a := w.running; a != nil { // and the working goroutine waits for the sink, or for mu
		a.over.Store(true)
		w.took(w.current, int(a.n.Load()))
		_ = w.discard(w.current) // if that fails they are there again, which is better than lost
	}
	cause = w.because(cause)
	w.leave(cause)
	w.final = w.verdict(cause)
	w.endFlushes(func(*flush) bool { return true }, func() error { return w.final })
	w.unlock()
	w.timer.Stop()
	w.cancel()
	w.inst.stop()
	close(w.done)
	signal(w.wake)
}

// leave counts what is held as lost, but for what the queue keeps. The caller holds mu.
func (w *Writer) leave(cause error) {
	if w.queue != nil {
		for _, b := range w.unwritten() {
			b.await()
			w.keep(b, cause)
		}
	}
	w.full, w.last = nil, nil
	w.lose(w.held().minus(w.spilled), cause)
}

// unwritten are the pieces in memory, but for one the sink is being given: it may yet take it. The caller holds mu.
func (w *Writer) unwritten() (list []*piece) {
	if b := w.current; b != nil && w.running == nil && b.kind != ofQueue {
		// A copy, for b is still looked at by the working goroutine, which pauses.
		list = append(list, &piece{data: b.data, ends: b.ends, start: b.start, at: b.at, next: b.next})
	}
	list = append(list, w.full...)
	if w.last != nil {
		list = append(list, w.last)
	}
	return list
}

// verdict is what Stop returns. The caller holds mu.
func (w *Writer) verdict(cause error) error {
	e := &LostError{Writer: w.inst.name, Lost: w.dropped.plus(w.lost), Kept: w.spilled, Err: cause}
	if e.Lost == (Amount{}) && e.Kept == (Amount{}) {
		return nil
	}
	if e.Err == nil {
		e.Err = w.failing
	}
	if e.Err == nil {
		e.Err = w.reason
	}
	return e
}
