package streams

import (
	"cmp"
	"context"
	"slices"
)

// Reduce runs the stream and folds its items into one value, from initial on. With an error comes
// what was folded before it. For a function that may fail, see [Fold].
func Reduce[T, A any](ctx context.Context, s Stream[T], initial A, f func(acc A, item T) A) (A, error) {
	name := s.stage("reduce")
	acc := initial
	err := s.execute(ctx, nil, func(chunk []T) (err error) {
		if acc, err = reduce(chunk, acc, f); err != nil {
			return (&stage{name: name, stream: s.trait.name}).fail(err)
		}
		return nil
	})
	return acc, err
}

func reduce[T, A any](chunk []T, initial A, f func(A, T) A) (acc A, err error) {
	defer caught(&err)
	acc = initial
	for _, v := range chunk {
		acc = f(acc, v)
	}
	return acc, nil
}

// Fold is [Reduce] with a function that may fail: its error ends the run.
func Fold[T, A any](ctx context.Context, s Stream[T], initial A, f func(ctx context.Context, acc A, item T) (A, error)) (A, error) {
	if s.next.stage == "" {
		s.next.stage = "fold"
	}
	acc := initial
	err := Scan(s, initial, f).execute(ctx, nil, func(chunk []A) error {
		acc = chunk[len(chunk)-1]
		return nil
	})
	return acc, err
}

// Scan gives what [Fold] has folded after each item.
func Scan[T, A any](s Stream[T], initial A, f func(ctx context.Context, acc A, item T) (A, error)) Stream[A] {
	name := s.stage("scan")
	return derive(s, name, func(ctx context.Context, r *run, emit func([]A) error) error {
		st, acc := r.stage(name), initial
		var buf []A
		return s.feed(ctx, r, func(in []T) error {
			buf = sized(buf, len(in))
			n, err := scan(ctx, in, buf, acc, f)
			if n > 0 {
				acc = buf[n-1]
			}
			return pass(st, n, buf[:n], err, emit)
		})
	})
}

func scan[T, A any](ctx context.Context, in []T, out []A, acc A, f func(context.Context, A, T) (A, error)) (n int, err error) {
	defer caught(&err)
	for i, v := range in {
		if acc, err = f(ctx, acc, v); err != nil {
			return n, err
		}
		out[i] = acc
		n = i + 1
	}
	return n, nil
}

// Sorted gives all items in the order of compare, equal ones as they came. It must hold all of them
// and gives the first after the last was read: more than max end the run with a [*FullError].
func (s Stream[T]) Sorted(max int, compare func(a, b T) int) Stream[T] {
	name := s.stage("sorted")
	from := s.require(max > 0, "max", max, "must be above 0")
	return from.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		st := r.stage(name)
		var all []T
		var held *hold
		err := from.feed(ctx, r.greedy(), func(in []T) error {
			if len(in) > max-len(all) {
				return st.fail(&FullError{Capacity: max})
			}
			all = append(all, in...)
			held = held.gather(r.held.now)
			return nil
		})
		if err == nil {
			err = sorting(st, all, compare)
		}
		if err != nil {
			return err
		}
		return under(r.held, held, all, func(all []T) error { return pieces(ctx, r, st, all, emit) })
	})
}

func sorting[T any](st *stage, all []T, compare func(a, b T) int) error {
	err := func() (err error) {
		defer caught(&err)
		slices.SortStableFunc(all, compare)
		return nil
	}()
	if err != nil {
		return st.fail(err)
	}
	return nil
}

// Sorted is [Stream.Sorted] in the natural order.
func Sorted[T cmp.Ordered](s Stream[T], max int) Stream[T] { return s.Sorted(max, cmp.Compare[T]) }

// Distinct leaves out items that came before. It remembers the last max different ones, so an item
// forgotten may come again.
func Distinct[T comparable](s Stream[T], max int) Stream[T] {
	return DistinctBy(s, max, func(item T) T { return item })
}

// DistinctBy leaves out items whose key came before; see [Distinct].
func DistinctBy[T any, K comparable](s Stream[T], max int, key func(item T) K) Stream[T] {
	name := s.stage("distinct")
	s = s.require(max > 0, "max", max, "must be above 0")
	return s.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		st := r.stage(name)
		m := memory[K]{max: max, seen: make(map[K]struct{})}
		var buf []T
		return s.feed(ctx, r, func(in []T) error {
			buf = sized(buf, len(in))
			n, err := filter(in, buf, func(v T) bool { return m.add(key(v)) })
			return pass(st, len(in), buf[:n], err, emit)
		})
	})
}

// memory is a bounded set that forgets what was added first.
type memory[K comparable] struct {
	max  int
	seen map[K]struct{}
	keys []K // in the order they came, a ring once it is full
	next int // the oldest of a full ring
}

// add reports whether k is new.
func (m *memory[K]) add(k K) bool {
	if _, old := m.seen[k]; old {
		return false
	}
	if !reflexive(k) { // a NaN is like none before, and could never be forgotten
		return true
	}
	m.seen[k] = struct{}{}
	if len(m.keys) < m.max {
		m.keys = append(m.keys, k)
		return true
	}
	delete(m.seen, m.keys[m.next])
	m.keys[m.next] = k
	m.next = (m.next + 1) % m.max
	return true
}

// reflexive reports whether a map can find k again.
func reflexive[K comparable](k K) bool {
	other := k
	return k == other
}
