package streams

import (
	"context"
	"iter"
)

// FromSlices gives the items of the slices that an iterator yields, of each slice as soon as it comes:
// for what gets several items at a time, as from a connection. Each run calls open, with its context,
// and is done with the iterator when it ends: what is to be closed is closed by a defer there. A slice
// must not change until the iterator is asked for the next. The first error ends the run, after the
// items before it and those that come with it.
func FromSlices[T any](open func(ctx context.Context) iter.Seq2[[]T, error]) Stream[T] {
	s := source(func(ctx context.Context, r *run, emit func([]T) error) error {
		d := dealer[T]{r: r, emit: emit}
		err := d.pull(ctx, open)
		if err != nil && d.down == nil {
			return r.stage("source").failing(ctx, err)
		}
		return d.down
	})
	s.trait = s.trait.invalid(open != nil, "open", "nil", "must not be nil")
	return s
}

// dealer hands slices on in chunks.
type dealer[T any] struct {
	r    *run
	emit func([]T) error
	down error // what emit said, or why the run is over
}

// pull reads the iterator to its end, its error, or that of those below, which it notes in down.
func (d *dealer[T]) pull(ctx context.Context, open func(context.Context) iter.Seq2[[]T, error]) (err error) {
	defer caught(&err)
	if d.down = ended(ctx); d.down != nil {
		return nil
	}
	for items, err := range open(ctx) {
		if d.down = d.deal(ctx, items); d.down != nil || err != nil {
			return err
		}
		if d.down = ended(ctx); d.down != nil {
			return nil
		}
	}
	return nil
}

// deal hands on one slice: item by item, if those below may stop at any.
func (d *dealer[T]) deal(ctx context.Context, items []T) error {
	for len(items) > 0 {
		n := min(d.r.read(), len(items))
		if err := d.emit(items[:n:n]); err != nil {
			return err
		}
		if items = items[n:]; len(items) == 0 {
			return nil
		}
		if err := ended(ctx); err != nil {
			return err
		}
	}
	return nil
}
