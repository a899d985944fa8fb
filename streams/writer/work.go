package writer

import (
	"context"
	"time"

	"github.com/goflow-go/goflow/core"
)

// attemptsAtEnd is how often a sink may fail in a row while the writer closes.
const attemptsAtEnd = 3

// work writes to the sink until all is written after Stop, or Stop has given up.
func (w *Writer) work(ctx context.Context) {
	over := false
	defer func() {
		if !over { // the sink has ended the goroutine
			w.begin(ctx)
		}
	}()
	w.recoverPiece(ctx)
	for b := w.next(ctx); b != nil; b = w.next(ctx) {
		w.drain(ctx, b)
		w.retire(ctx, b)
	}
	over = true
	w.finish(nil)
}

// recoverPiece gives up the piece over which the sink has ended the goroutine.
func (w *Writer) recoverPiece(ctx context.Context) {
	w.mu.Lock()
	b, a := w.current, w.running
	w.mu.Unlock()
	if b != nil && a != nil {
		w.wrote(ctx, b, taken{int(a.n.Load()), &core.PanicError{}, true}, 1)
		w.retire(ctx, b)
	}
}

// next waits for a piece to write. It is nil when there will be no more.
func (w *Writer) next(ctx context.Context) *piece {
	for {
		w.mu.Lock()
		b, then := w.take()
		w.unlock()
		switch then {
		case end:
			return nil
		case read:
			b = w.nextOfQueue(ctx)
		case wait:
			<-w.wake
		case write:
		}
		if b != nil {
			return b
		}
	}
}

// step is what the working goroutine does next.
type step uint8

const (
	write step = iota // the piece
	read              // from the queue
	wait              // for a signal
	end
)

// take chooses the oldest piece there is. The caller holds mu.
func (w *Writer) take() (*piece, step) {
	if w.finished {
		return nil, end
	}
	if len(w.full) == 0 && (w.spilled.Writes == 0 || w.dead) {
		w.takeOpen()
	}
	switch {
	case len(w.full) > 0:
		b := w.full[0]
		if b.copying() {
			return nil, wait
		}
		w.full = append(w.full[:0], w.full[1:]...)
		w.current = b
		if !w.closing {
			w.open()
		}
		return b, write
	case w.spilled.Writes > 0 && !w.dead:
		return nil, read
	case w.closing:
		return nil, end
	}
	return nil, wait
}

// takeOpen seals what is left when all else is written. The caller holds mu.
func (w *Writer) takeOpen() {
	if b := w.last; b != nil {
		w.last = nil
		w.enqueue(b)
	}
	if w.due {
		w.seal()
	}
}

// nextOfQueue reads a piece from the queue; nil when that failed, after a pause.
func (w *Writer) nextOfQueue(ctx context.Context) *piece {
	w.mu.Lock()
	w.attempts++
	w.mu.Unlock()
	b, err := w.unspill()
	w.mu.Lock()
	if err != nil {
		w.dead = w.closing
		w.mu.Unlock()
		w.failed(ctx, err)
		w.pause(ctx, 1, err)
		return nil
	}
	defer w.mu.Unlock()
	if n := min(w.inherited, int64(len(b.ends))); n > 0 {
		bytes := Amount{Bytes: int64(b.ends[n-1])}
		w.inherited -= n
		w.sealed, w.spilled = w.sealed.plus(bytes), w.spilled.plus(bytes)
	}
	b.start = w.firstSpill
	w.current = b
	w.took(b, 0) // an empty record is written by reading it
	return b
}

// drain writes a piece, whatever that takes.
func (w *Writer) drain(ctx context.Context, b *piece) {
	for failures := 0; b.at < len(b.data); {
		a := w.try(b)
		if a == nil {
			return
		}
		t := w.send(ctx, a)
		if t.n > 0 {
			failures = 0
		}
		if t.err != nil {
			failures++
		}
		if !w.wrote(ctx, b, t, failures) {
			return
		}
		if t.err != nil && b.at < len(b.data) {
			w.pause(ctx, failures, t.err)
		}
	}
}

// try begins an attempt at b; it is nil when the sink is not to be given b.
func (w *Writer) try(b *piece) *attempt {
	w.mu.Lock()
	defer w.unlock()
	switch {
	case w.finished:
		return nil
	case w.dead:
		w.keep(b, w.failing)
		return nil
	}
	w.attempts++
	w.running = &attempt{sink: w.sink, rest: b.data[b.at:]}
	return w.running
}

// wrote notes how an attempt has ended. It returns false when b is not to be tried again.
func (w *Writer) wrote(ctx context.Context, b *piece, t taken, failures int) (more bool) {
	w.mu.Lock()
	if w.finished { // Stop has reported it already
		w.mu.Unlock()
		return false
	}
	w.running = nil
	w.took(b, t.n)
	more = w.judge(b, t, failures)
	recovers := t.err == nil && w.failing != nil
	if recovers {
		w.failing = nil
	}
	w.unlock()
	if t.err != nil {
		w.failed(ctx, t.err)
	}
	if recovers {
		w.inst.recovered(ctx)
	}
	return more
}

// judge gives b up if it is to be. The caller holds mu.
func (w *Writer) judge(b *piece, t taken, failures int) (more bool) {
	switch {
	case t.unsure:
		w.abandon(b, t.err)
		return false
	case t.err == nil || b.at == len(b.data):
		return true
	case w.closing && failures >= attemptsAtEnd:
		w.dead = true
		w.keep(b, t.err)
		return false
	case w.cfg.MaxAttempts > 0 && failures >= w.cfg.MaxAttempts:
		w.abandon(b, t.err)
		return false
	}
	return true
}

// took notes that the sink took n more bytes of b. The caller holds mu.
func (w *Writer) took(b *piece, n int) {
	a := b.advance(n)
	w.written = w.written.plus(a)
	w.unqueued(b, a)
}

// unqueued notes that a part of b is no longer what the queue holds. The caller holds mu.
func (w *Writer) unqueued(b *piece, a Amount) {
	if b.kind == ofQueue {
		w.spilled = w.spilled.minus(a)
		w.firstSpill += a.Writes
	}
}

// abandon gives up the rest of b for good. The caller holds mu.
func (w *Writer) abandon(b *piece, err error) {
	a := b.advance(len(b.data) - b.at)
	w.unqueued(b, a)
	w.lose(a, err)
}

// keep leaves the rest of b in the queue, if there is one. The caller holds mu.
func (w *Writer) keep(b *piece, err error) {
	if w.queue != nil {
		torn := b.tear()
		w.unqueued(b, torn)
		w.lose(torn, err)
		if b.kind == ofQueue {
			return
		}
		if rest, pushErr := w.push(b); rest != (Amount{}) {
			w.lose(rest, pushErr)
		}
		return
	}
	w.abandon(b, err)
}

// failed notes that the sink, or the queue, fails, and tells it once.
func (w *Writer) failed(ctx context.Context, err error) {
	w.mu.Lock()
	before := w.failing
	w.failing = err
	w.failFlushes()
	w.room.Broadcast()
	w.mu.Unlock()
	if before == nil {
		w.inst.failed(ctx, err)
	}
}

// retire gives back what a piece has used, when it was written or given up.
func (w *Writer) retire(ctx context.Context, b *piece) {
	err := w.discard(b)
	w.mu.Lock()
	if !w.finished {
		w.current = nil
		w.release(b)
		w.resolve()
	}
	w.mu.Unlock()
	if err != nil {
		w.failed(ctx, err)
	}
}

// pause waits before the sink is tried again, until a Flush or Stop.
func (w *Writer) pause(ctx context.Context, failures int, err error) {
	d := w.cfg.RetryDelay
	for i := 1; i < failures && d < w.cfg.MaxRetryDelay; i++ {
		d *= 2
	}
	if after, ok := core.RetryAfter(err); ok {
		d = max(d, after)
	}
	timer := time.NewTimer(min(d, w.cfg.MaxRetryDelay))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		case <-w.kick:
			if w.hurried() {
				return
			}
		}
	}
}

// hurried says whether someone waits for the next attempt. A kick may be older than the pause.
func (w *Writer) hurried() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closing || len(w.flushes) > 0
}

// tick runs when the open buffer has waited for FlushInterval.
func (w *Writer) tick() {
	w.mu.Lock()
	w.due = true
	w.mu.Unlock()
	signal(w.wake)
}
