package streams

import (
	"context"

	"github.com/goflow-go/goflow/core"
)

// Map makes an item of another type of each. f gets a context that ends with the run. It takes the
// settings before it: [Stream.Parallel], [ParallelBy], [Stream.Unordered], [Stream.WithPolicies],
// [Stream.SkipErrors], [Stream.DeadLetter].
func Map[T, U any](s Stream[T], f func(ctx context.Context, item T) (U, error)) Stream[U] {
	return mapped(s, "map", f)
}

// FlatMap makes any number of items of each. It takes the settings [Map] takes. What f returns must
// not change afterwards.
func FlatMap[T, U any](s Stream[T], f func(ctx context.Context, item T) ([]U, error)) Stream[U] {
	return Flatten(mapped(s, "flatmap", f))
}

// Flatten gives the items of slices one by one: the opposite of [Batch].
func Flatten[T any](s Stream[[]T]) Stream[T] {
	name := s.stage("flatten")
	return derive(s, name, func(ctx context.Context, r *run, emit func([]T) error) error {
		st := r.stage(name)
		above := r.scaled(func(int) int { return 1 }) // a slice may hold all that is wanted
		return s.feed(ctx, above, func(in [][]T) error {
			for i, items := range in {
				if err := pieces(ctx, r, st, items, emit); err != nil {
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

// pieces hands items on in chunks.
func pieces[T any](ctx context.Context, r *run, st *stage, items []T, emit func([]T) error) error {
	for len(items) > 0 {
		n := min(r.limit(), len(items))
		if err := pass(st, n, items[:n:n], nil, emit); err != nil {
			if n < len(items) {
				r.held.spoil()
			}
			return err
		}
		if items = items[n:]; len(items) > 0 {
			if err := ended(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// mapped adds a step that runs f, in one goroutine or in several.
func mapped[T, U any](s Stream[T], operator string, f func(context.Context, T) (U, error)) Stream[U] {
	name := s.stage(operator)
	set := s.next
	s.next = settings[T]{onDrop: set.onDrop} // the only one it does not take
	m := mapper[T, U]{name: name, f: guarded(core.Compose(set.policies...), len(set.policies), f), from: s.from, skip: set.skip, deadLetter: set.deadLetter}
	if set.workers > 0 {
		return derive(s, name, m.parallel(s, set))
	}
	return derive(s, name, m.serial(s))
}

// guarded runs f under a policy.
func guarded[T, U any](p core.Policy, policies int, f func(context.Context, T) (U, error)) func(context.Context, T) (U, error) {
	if policies == 0 {
		return f
	}
	return func(ctx context.Context, item T) (U, error) {
		return core.Call(ctx, p, func(ctx context.Context) (U, error) { return f(ctx, item) })
	}
}

// mapper is a step that runs a user's function which may fail.
type mapper[T, U any] struct {
	name       string
	f          func(context.Context, T) (U, error)
	from       origins[T]
	skip       bool
	deadLetter func(context.Context, T, error) error
}

func (m *mapper[T, U]) serial(s Stream[T]) runner[U] {
	return func(ctx context.Context, r *run, emit func([]U) error) error {
		st, m := r.stage(m.name), m.traced(r)
		var buf []U
		return s.feed(ctx, r, func(in []T) error {
			buf = sized(buf, len(in))
			n, err := m.chunk(ctx, st, in, buf)
			if n > 0 {
				st.emitted.Add(int64(n))
				if down := emit(buf[:n]); down != nil {
					if err != nil {
						r.held.spoil()
					}
					return down
				}
			}
			return err
		})
	}
}

// chunk maps in to out and tells how many items that made. An error is the run's end.
func (m *mapper[T, U]) chunk(ctx context.Context, st *stage, in []T, out []U) (n int, err error) {
	for {
		k, err := m.try(ctx, in, out[n:])
		n += k
		if err == nil {
			return n, nil
		}
		if err := m.settle(ctx, st, in[k], err); err != nil {
			return n, err
		}
		in = in[k+1:]
	}
}

// try maps items until one fails or panics, and tells how many did not.
func (m *mapper[T, U]) try(ctx context.Context, in []T, out []U) (n int, err error) {
	defer caught(&err)
	f := m.f
	out = out[:len(in)]
	for i := range in {
		u, err := f(ctx, in[i])
		if err != nil {
			return i, err
		}
		out[i] = u
		n = i + 1
	}
	return n, nil
}

// settle does with an item that failed what the settings say. The end of ctx is no item's fault.
func (m *mapper[T, U]) settle(ctx context.Context, st *stage, item T, failure error) (err error) {
	if cause := ended(ctx); cause != nil {
		return cause
	}
	st.failed.Add(1)
	failure = st.fail(failure)
	switch {
	case m.deadLetter != nil:
		err = core.Try(ctx, func(ctx context.Context) error { return m.deadLetter(ctx, item, failure) })
		if err != nil {
			return st.fail(err)
		}
		return nil
	case m.skip:
		return nil
	}
	return failure
}
