package streams

import (
	"context"
	"iter"
	"sync"
)

// Expand lets those below run on while nothing comes from above, by giving them more of the last item:
// what f makes of it, from which they take as much as they ask for. The next item ends that sequence and
// begins its own, but each gives its first before it is ended. So one of one item gives each once, and
// one without end lasts until the next. The end of the stream ends the last; see [Conflate] for the
// opposite.
//
// The context of f ends when the next item comes, so a sequence that waits should watch it. It reads
// ahead by at most two chunks.
func Expand[T, U any](s Stream[T], f func(ctx context.Context, item T) iter.Seq[U]) Stream[U] {
	name := s.stage("expand")
	return derive(s, name, func(ctx context.Context, r *run, emit func([]U) error) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		e := &expanded[T, U]{st: r.stage(name), to: r.held, f: f, emit: emit, some: make(chan struct{}, 1), room: make(chan struct{}, 1)}
		e.st.handsOver()
		from := r.apart()
		above := r.background(ctx, func(ctx context.Context) error {
			defer e.close()
			return s.feed(ctx, from, func(in []T) error { return e.put(ctx, from.held, in) })
		})
		err := e.deliver(ctx)
		halt(cancel, err)
		if read := <-above; err == nil {
			err = read
		}
		return err
	})
}

// expanded is an Expand in a run: a chunk on its way from those above, and the sequence it will end.
type expanded[T, U any] struct {
	st   *stage
	to   *holder
	f    func(context.Context, T) iter.Seq[U]
	emit func([]U) error
	some chan struct{} // a chunk is there, or nothing more comes
	room chan struct{} // the chunk was taken

	mu     sync.Mutex
	next   []T
	held   *hold // for next
	closed bool
	enough context.CancelFunc // ends the sequence; nil while it may not be ended
}

// put leaves a chunk, which ends the sequence, and waits until it is taken.
func (e *expanded[T, U]) put(ctx context.Context, from *holder, in []T) error {
	e.mu.Lock()
	e.next, e.held = append(e.next, in...), e.held.gather(from.now)
	e.end()
	e.mu.Unlock()
	wake(e.some)
	began := e.st.waits(0)
	defer e.st.waited(began, &e.st.blocked)
	select {
	case <-e.room:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// close says that nothing more comes, which ends the sequence too.
func (e *expanded[T, U]) close() {
	e.mu.Lock()
	e.closed = true
	e.end()
	e.mu.Unlock()
	wake(e.some)
}

// end ends the sequence. The caller holds mu.
func (e *expanded[T, U]) end() {
	if e.enough != nil {
		e.enough()
	}
}

// endable lets the sequence be ended, and tells whether it is to be at once.
func (e *expanded[T, U]) endable(enough context.CancelFunc) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.enough = enough
	return e.closed || len(e.next) > 0
}

// take takes the chunk that is there in exchange for one that was used. Those below see it held.
func (e *expanded[T, U]) take(used []T) (chunk []T, closed bool) {
	clear(used)
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.next) == 0 {
		return used[:0], e.closed
	}
	chunk, e.next = e.next, used[:0]
	e.to.now, e.held = e.held, nil
	wake(e.room)
	return chunk, e.closed
}

// deliver gives what is made of each item until nothing more comes.
func (e *expanded[T, U]) deliver(ctx context.Context) error {
	var chunk []T
	for {
		if err := ended(ctx); err != nil {
			return err
		}
		var closed bool
		if chunk, closed = e.take(chunk); len(chunk) == 0 {
			if closed {
				return nil
			}
			began := e.st.waits(0)
			select {
			case <-e.some:
			case <-ctx.Done():
			}
			e.st.waited(began, &e.st.idle)
			continue
		}
		for i, v := range chunk {
			if err := e.expand(ctx, v, i == len(chunk)-1); err != nil {
				return err
			}
		}
		e.given()
	}
}

// given lets go of the chunk: something of each item was handed on.
func (e *expanded[T, U]) given() {
	e.to.now.drop()
	e.to.now = nil
}

// expand gives what f makes of an item: one, unless it is the last that came, and then until it is ended.
func (e *expanded[T, U]) expand(whole context.Context, item T, last bool) error {
	ctx, cancel := context.WithCancel(whole)
	defer cancel()
	var down error
	failed := func() (err error) {
		defer caught(&err)
		var one [1]U
		first := true
		for one[0] = range e.f(ctx, item) {
			down = pass(e.st, 1, one[:], nil, e.emit)
			if last && taken(down) {
				e.given()
			}
			if down != nil || !last {
				return nil
			}
			if first && e.endable(cancel) || ctx.Err() != nil {
				return nil
			}
			first = false
		}
		return nil
	}()
	e.mu.Lock()
	e.enough = nil
	e.mu.Unlock()
	switch {
	case down != nil:
		return down
	case failed != nil:
		return e.st.failing(whole, failed)
	}
	return ended(whole)
}
