package streams

import (
	"context"
	"errors"
)

// Merge gives the items of several streams as they come, those of each in order. It ends when all
// have, or with the first error. The streams run in goroutines of their own and are read ahead by four
// chunks, and one each. The name is that of the first.
func Merge[T any](in ...Stream[T]) Stream[T] {
	name, t := "merge", trait{}
	for i, s := range in {
		t = joined(t, s, "merge", i == 0)
	}
	var from origins[T]
	if len(in) > 0 {
		from = in[0].from
		name = in[0].stage(name)
	}
	return Stream[T]{trait: t, from: from, run: func(ctx context.Context, r *run, emit func([]T) error) error {
		st := r.stage(name)
		from := relays(ctx, r, st, in...)
		for p, more := from.next(); more; p, more = from.next() {
			st.emitted.Add(int64(len(p.items)))
			if err := under(r.held, p.held, p.items, emit); err != nil {
				return from.stop(err)
			}
			from.recycle(p.items)
		}
		return from.stop(nil)
	}}
}

// joined adds what is wrong with s to t; of the first it takes all.
func joined[T any](t trait, s Stream[T], step string, first bool) trait {
	fault := t.fault
	if first {
		t = s.trait
	}
	t.fault = errors.Join(fault, s.trait.fault)
	if p := s.next.pending(); p != "" {
		t = t.invalid(false, p, step, "must be followed by a step that takes it")
	}
	return t
}

// Zip makes one item of the next of each of two streams. It ends when one of them does, or with the
// first error. Both run in goroutines of their own and are read ahead by five chunks. The name is that
// of the first.
func Zip[T, U, V any](a Stream[T], b Stream[U], f func(ctx context.Context, a T, b U) (V, error)) Stream[V] {
	name := a.stage("zip")
	t := joined(joined(trait{}, a, name, true), b, name, false)
	return Stream[V]{trait: t, run: func(ctx context.Context, r *run, emit func([]V) error) error {
		z := zipper[T, U, V]{st: r.stage(name), f: f}
		z.a.from, z.b.from = relays(ctx, r, z.st, a), relays(ctx, r, z.st, b)
		err := z.run(ctx, r, emit)
		return z.b.stop(z.a.stop(err))
	}}
}

// zipper is a Zip in a run.
type zipper[T, U, V any] struct {
	a  side[T]
	b  side[U]
	st *stage
	f  func(context.Context, T, U) (V, error)
}

// side is one of the streams of a zipper.
type side[T any] struct {
	from  *relay[T]
	items []T   // that were not used yet
	held  *hold // for the chunk they are of
	ended bool
}

// wanted is where to wait for items; nil while there are some.
func (s *side[T]) wanted() <-chan parcel[T] {
	if len(s.items) > 0 {
		return nil
	}
	return s.from.chunks
}

// used says that n items were handed on.
func (s *side[T]) used(n int) {
	if s.items = s.items[n:]; len(s.items) == 0 {
		s.held.drop()
		s.held = nil
	}
}

// stop stops the stream, whose error counts if it has ended by itself.
func (s *side[T]) stop(err error) error {
	if err != nil || s.ended {
		return s.from.stop(err)
	}
	_ = s.from.stop(errStop)
	return nil
}

func (z *zipper[T, U, V]) run(ctx context.Context, r *run, emit func([]V) error) error {
	var buf []V
	for {
		began := z.st.waits(len(z.a.wanted()) + len(z.b.wanted()))
		select {
		case p, more := <-z.a.wanted():
			z.a.items, z.a.held, z.a.ended = p.items, p.held, !more
		case p, more := <-z.b.wanted():
			z.b.items, z.b.held, z.b.ended = p.items, p.held, !more
		case <-ctx.Done():
			return ended(ctx)
		}
		z.st.waited(began, &z.st.idle)
		if z.a.ended || z.b.ended {
			return nil
		}
		n := min(len(z.a.items), len(z.b.items))
		buf = sized(buf, n)
		made, err := z.zip(ctx, buf)
		r.held.now = older(z.a.held, z.b.held)
		err = pass(z.st, made, buf[:made], err, emit)
		if taken(err) {
			z.a.used(n)
			z.b.used(n)
		}
		if err != nil {
			return err
		}
	}
}

// zip fills out and tells how many items it made until f failed.
func (z *zipper[T, U, V]) zip(ctx context.Context, out []V) (n int, err error) {
	defer caught(&err)
	for i := range out {
		v, err := z.f(ctx, z.a.items[i], z.b.items[i])
		if err != nil {
			return n, err
		}
		out[i] = v
		n = i + 1
	}
	return n, nil
}
