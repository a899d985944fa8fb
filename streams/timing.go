package streams

import (
	"context"
	"time"
)

// Waiter lets items through one at a time, as a limiter of package limit does. Wait blocks until the
// next may go, or fails.
type Waiter interface {
	Wait(ctx context.Context) error
}

// Throttle hands each item on when w lets it. An error of w ends the run.
func (s Stream[T]) Throttle(w Waiter) Stream[T] {
	name := s.stage("throttle")
	from := s.require(w != nil, "w", "nil", "must not be nil")
	return from.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		st := r.stage(name)
		return from.feed(ctx, r, func(in []T) error {
			for i := range in {
				if err := waited(ctx, w); err != nil {
					return st.failing(ctx, err)
				}
				if err := pass(st, 1, in[i:i+1:i+1], nil, emit); err != nil {
					if i+1 < len(in) {
						r.held.spoil()
					}
					return err
				}
			}
			return nil
		})
	})
}

func waited(ctx context.Context, w Waiter) (err error) {
	defer caught(&err)
	return w.Wait(ctx)
}

// Debounce hands an item on when none has come for quiet after it, and leaves out the others. The
// last is handed on at the end. It reads ahead by at most five chunks.
func (s Stream[T]) Debounce(quiet time.Duration) Stream[T] {
	return s.latest("debounce", "quiet", quiet, true)
}

// Sample hands on the newest item every interval, if one has come since, and leaves out the others.
// Intervals begin with an item that comes after a pause. The last is handed on at the end. It reads
// ahead by at most five chunks.
func (s Stream[T]) Sample(every time.Duration) Stream[T] {
	return s.latest("sample", "every", every, false)
}

// latest hands on the newest item when a timer fires, which each item sets anew, or only the first.
func (s Stream[T]) latest(operator, field string, wait time.Duration, anew bool) Stream[T] {
	name := s.stage(operator)
	from := s.require(wait > 0, field, wait, "must be above 0")
	return from.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		l := &newest[T]{st: r.stage(name), to: r.held, emit: emit, wait: wait, anew: anew}
		l.from = relays(ctx, r, l.st, from)
		return l.from.stop(l.run())
	})
}

// newest holds the newest item until its timer fires.
type newest[T any] struct {
	st   *stage
	to   *holder
	from *relay[T]
	emit func([]T) error
	wait time.Duration
	anew bool // each item sets the timer

	one  [1]T
	any  bool  // one holds an item
	held *hold // for the chunk it is of
}

func (l *newest[T]) run() error {
	t := time.NewTimer(l.wait)
	t.Stop()
	defer t.Stop()
	for {
		began := l.st.waits(len(l.from.chunks))
		select {
		case p, more := <-l.from.chunks:
			l.st.waited(began, &l.st.idle)
			if !more {
				return l.flush()
			}
			if l.anew || !l.any {
				t.Reset(l.wait)
			}
			l.keep(p)
		case <-t.C:
			l.st.waited(began, &l.st.idle)
			if err := l.flush(); err != nil {
				return err
			}
		}
	}
}

// keep takes the newest of a chunk.
func (l *newest[T]) keep(p parcel[T]) {
	left := len(p.items) - 1
	if l.any {
		left++
	}
	l.st.filtered.Add(int64(left))
	l.one[0], l.any = p.items[len(p.items)-1], true
	l.held.drop()
	l.held = p.held
	l.from.recycle(p.items)
}

func (l *newest[T]) flush() error {
	if !l.any {
		return nil
	}
	held := l.held
	l.any, l.held = false, nil
	l.st.emitted.Add(1)
	return under(l.to, held, l.one[:], l.emit)
}
