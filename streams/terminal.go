package streams

import (
	"context"
	"iter"
)

// ForEach runs the stream and calls f with each item. It takes the settings that [Map] takes: with
// [Stream.Parallel], f is called from many goroutines. It blocks until the stream ends, and returns
// nil, a [*StageError], or why ctx ended. When it returns, nothing of the run goes on.
func (s Stream[T]) ForEach(ctx context.Context, f func(ctx context.Context, item T) error) error {
	done := mapped(s, "foreach", func(ctx context.Context, item T) (struct{}, error) {
		return struct{}{}, f(ctx, item)
	})
	return done.Drain(ctx)
}

// Drain runs the stream for what its steps do.
func (s Stream[T]) Drain(ctx context.Context) error {
	return s.execute(ctx, nil, func([]T) error { return nil })
}

// Collect runs the stream and gives all its items: it takes the memory they take. With an error come
// those before it.
func (s Stream[T]) Collect(ctx context.Context) ([]T, error) {
	var all []T
	err := s.execute(ctx, nil, func(chunk []T) error {
		all = append(all, chunk...)
		return nil
	})
	return all, err
}

// Count runs the stream and tells how many items it gave.
func (s Stream[T]) Count(ctx context.Context) (n int, err error) {
	err = s.execute(ctx, nil, func(chunk []T) error {
		n += len(chunk)
		return nil
	})
	return n, err
}

// First runs the stream up to its first item; ok is false when it has none.
func (s Stream[T]) First(ctx context.Context) (item T, ok bool, err error) {
	err = s.Take(1).execute(ctx, nil, func(chunk []T) error {
		item, ok = chunk[0], true
		return nil
	})
	return item, ok, err
}

// Any runs the stream up to the first item that is approves, and tells whether there was one.
func (s Stream[T]) Any(ctx context.Context, is func(item T) bool) (bool, error) {
	kept := s.Stage("any").Filter(is)
	_, found, err := kept.first(ctx)
	return found, err
}

// All runs the stream up to the first item that is does not approve, and tells whether there was
// none.
func (s Stream[T]) All(ctx context.Context, is func(item T) bool) (bool, error) {
	kept := s.Stage("all").Filter(func(v T) bool { return !is(v) })
	_, found, err := kept.first(ctx)
	return !found && err == nil, err
}

// first is First of a stream most of whose items were left out: it reads one at a time.
func (s Stream[T]) first(ctx context.Context) (item T, ok bool, err error) {
	var held *holder
	err = s.execute(ctx, func(r *run) { r.careful, held = true, r.held }, func(chunk []T) error {
		item, ok = chunk[0], true
		if len(chunk) > 1 {
			held.spoil()
		}
		return errStop
	})
	return item, ok, err
}

// ToChannel runs the stream into a channel, waiting for room. It does not close the channel.
func (s Stream[T]) ToChannel(ctx context.Context, out chan<- T) error {
	return s.execute(ctx, func(r *run) { r.careful = true }, func(chunk []T) error {
		for _, v := range chunk {
			select {
			case out <- v:
			case <-ctx.Done():
				return ended(ctx)
			}
		}
		return nil
	})
}

// Seq gives the stream as an iterator that runs it in the loop. An error comes last, with a zero
// item. A loop that breaks stops the run, and nothing of it goes on; what it read of a channel is then
// what the loop saw, but for steps that read ahead.
func (s Stream[T]) Seq(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		body := loop[T]{yield: yield}
		err := s.execute(ctx, func(r *run) { r.careful, body.held = true, r.held }, body.chunk)
		if body.panicked {
			panic(body.value) // on its way from the loop, held up until the run was over
		}
		if err != nil && !body.left {
			var none T
			yield(none, err)
		}
	}
}

// loop is the body of the caller's loop.
type loop[T any] struct {
	yield    func(T, error) bool
	held     *holder
	left     bool // it is not to be run again
	panicked bool
	value    any
}

func (l *loop[T]) chunk(chunk []T) (err error) {
	l.left, l.panicked = true, true // until it has returned
	defer func() {
		if l.panicked {
			l.value = recover()
			l.held.spoil()
			err = errStop
		}
	}()
	for i, v := range chunk {
		if !l.yield(v, nil) {
			l.panicked = false
			if i+1 < len(chunk) {
				l.held.spoil()
			}
			return errStop
		}
	}
	l.left, l.panicked = false, false
	return nil
}
