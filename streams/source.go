package streams

import (
	"context"
	"iter"
	"time"
)

// FromSlice gives the items of a slice, which must not change while the stream runs. Each run gives
// all of them.
func FromSlice[T any](items []T) Stream[T] {
	return source(func(ctx context.Context, r *run, emit func([]T) error) error {
		for left := items; len(left) > 0; {
			if err := ended(ctx); err != nil {
				return err
			}
			n := min(r.limit(), len(left))
			if err := emit(left[:n:n]); err != nil {
				return err
			}
			left = left[n:]
		}
		return nil
	})
}

// FromChannel gives what comes through a channel until it is closed. It takes what is there and never
// waits to fill a chunk, so an item is handed on at once. Of a run that stops early it has read what
// was handed on and, above a step that reads ahead, what that holds; see [Stream.Parallel] and
// [Stream.Buffer].
func FromChannel[T any](in <-chan T) Stream[T] {
	return source(func(ctx context.Context, r *run, emit func([]T) error) error {
		var buf []T
		for {
			if err := ended(ctx); err != nil { // when both are ready, the end of ctx comes first
				return err
			}
			select {
			case v, open := <-in:
				if !open {
					return nil
				}
				buf = append(buf[:0], v)
			case <-ctx.Done():
				return ended(ctx)
			}
			var open bool
			if buf, open = greedily(in, buf, r.read()); !open {
				return emit(buf)
			}
			if err := emit(buf); err != nil {
				return err
			}
		}
	})
}

// greedily appends what a channel holds to buf, up to limit items.
func greedily[T any](in <-chan T, buf []T, limit int) (got []T, open bool) {
	for len(buf) < limit {
		select {
		case v, open := <-in:
			if !open {
				return buf, false
			}
			buf = append(buf, v)
		default:
			return buf, true
		}
	}
	return buf, true
}

// FromSeq gives the items of an iterator. An iterator that waits for its items gets chunks of one, so
// that none waits for the next; one that suddenly becomes slow may hold back a chunk. The end of ctx
// is seen between two items.
func FromSeq[T any](seq iter.Seq[T]) Stream[T] {
	return FromSeq2(func(yield func(T, error) bool) {
		for v := range seq {
			if !yield(v, nil) {
				return
			}
		}
	})
}

// FromSeq2 is [FromSeq] for an iterator that may fail: the first error ends the run, after the items
// before it.
func FromSeq2[T any](seq iter.Seq2[T, error]) Stream[T] {
	return source(func(ctx context.Context, r *run, emit func([]T) error) error {
		st := r.stage("source")
		g := gather[T]{r: r, emit: emit}
		if err := g.pull(ctx, seq); err != nil && g.down == nil {
			g.down = g.flush()
			if g.down == nil {
				g.down = st.failing(ctx, err)
			}
		}
		if g.down == nil {
			g.down = g.flush()
		}
		return g.down
	})
}

// failing is fail, but for the end of ctx, which is no step's fault.
func (s *stage) failing(ctx context.Context, err error) error {
	if cause := ended(ctx); cause != nil {
		return cause
	}
	s.failed.Add(1)
	return s.fail(err)
}

// Generate gives what next returns until ok is false. An error ends the run, after the items before
// it. It makes chunks as [FromSeq] does.
func Generate[T any](next func(ctx context.Context) (item T, ok bool, err error)) Stream[T] {
	return source(func(ctx context.Context, r *run, emit func([]T) error) error {
		return FromSeq2(func(yield func(T, error) bool) {
			for {
				v, ok, err := next(ctx)
				if !ok && err == nil || !yield(v, err) || err != nil {
					return
				}
			}
		}).run(ctx, r, emit)
	})
}

// Tick gives the time, every interval from the first on. A slow reader misses ticks rather than get
// several at once. The interval must be above 0.
func Tick(every time.Duration) Stream[time.Time] {
	s := source(func(ctx context.Context, _ *run, emit func([]time.Time) error) error {
		t := time.NewTicker(every)
		defer t.Stop()
		var one [1]time.Time
		for {
			select {
			case one[0] = <-t.C:
			case <-ctx.Done():
				return ended(ctx)
			}
			if err := emit(one[:]); err != nil {
				return err
			}
		}
	})
	s.trait = s.trait.invalid(every > 0, "every", every, "must be above 0")
	return s
}

// gather makes chunks of items that come one by one from code that may wait for them.
type gather[T any] struct {
	r    *run
	emit func([]T) error
	down error // what emit said

	buf  []T
	pace pace
}

// pull reads seq to its end, its error, or that of those below, which it notes in down.
func (g *gather[T]) pull(ctx context.Context, seq iter.Seq2[T, error]) (err error) {
	defer caught(&err)
	if err := ended(ctx); err != nil {
		return err
	}
	g.pace.begin()
	limit := g.limit()
	for v, err := range seq {
		if err != nil {
			return err
		}
		g.buf = append(g.buf, v)
		if len(g.buf) < limit {
			continue
		}
		if g.down = g.flush(); g.down != nil {
			return g.down
		}
		if err := ended(ctx); err != nil {
			return err
		}
		g.pace.adapt()
		limit = g.limit()
	}
	return nil
}

func (g *gather[T]) limit() int { return min(g.pace.size, g.r.read()) }

// flush hands the open chunk on.
func (g *gather[T]) flush() error {
	if len(g.buf) == 0 {
		return nil
	}
	chunk := g.buf
	g.buf = g.buf[:0]
	return g.emit(chunk)
}
