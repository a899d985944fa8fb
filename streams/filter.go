package streams

import "context"

// Filter keeps the items that keep approves.
func (s Stream[T]) Filter(keep func(item T) bool) Stream[T] {
	name := s.stage("filter")
	return s.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		st := r.stage(name)
		var buf []T
		return s.feed(ctx, r, func(in []T) error {
			buf = sized(buf, len(in))
			n, err := filter(in, buf, keep)
			return pass(st, len(in), buf[:n], err, emit)
		})
	})
}

// filter copies what keep approves to out, and tells how many that were, until keep panics.
func filter[T any](in, out []T, keep func(T) bool) (n int, err error) {
	defer caught(&err)
	for _, v := range in {
		if keep(v) {
			out[n] = v
			n++
		}
	}
	return n, nil
}

// Tap shows each item to look, and hands it on.
func (s Stream[T]) Tap(look func(item T)) Stream[T] {
	if s.next.stage == "" {
		s.next.stage = "tap"
	}
	return s.Filter(func(v T) bool {
		look(v)
		return true
	})
}

// DropWhile leaves out the items before the first that drop does not approve.
func (s Stream[T]) DropWhile(drop func(item T) bool) Stream[T] {
	name := s.stage("dropwhile")
	return s.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		st, dropping := r.stage(name), true
		return s.feed(ctx, r, func(in []T) error {
			if !dropping {
				return pass(st, len(in), in, nil, emit)
			}
			n, err := count(in, drop)
			dropping = n == len(in)
			if err != nil {
				return pass(st, len(in), nil, err, emit)
			}
			return pass(st, len(in), in[n:], nil, emit)
		})
	})
}

// TakeWhile ends the stream at the first item that keep does not approve.
func (s Stream[T]) TakeWhile(keep func(item T) bool) Stream[T] {
	name := s.stage("takewhile")
	return s.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		st, done := r.stage(name), false
		err := s.feed(ctx, r.carefully(), func(in []T) error {
			n, err := count(in, keep)
			if n+1 < len(in) {
				r.held.spoil() // nobody looked at what comes after
			}
			if err := pass(st, n, in[:n], err, emit); err != nil || n == len(in) {
				return err
			}
			done = true
			return errStop
		})
		if done {
			return nil
		}
		return err
	})
}

// count tells how many items from the first on ok approves, until it panics.
func count[T any](in []T, ok func(T) bool) (n int, err error) {
	defer caught(&err)
	for _, v := range in {
		if !ok(v) {
			break
		}
		n++
	}
	return n, nil
}

// Take ends the stream after n items. A source that cannot give back what it read is asked for no
// more than can still be taken, but for steps that read ahead.
func (s Stream[T]) Take(n int) Stream[T] {
	name := s.stage("take")
	from := s.require(n >= 0, "n", n, "must not be negative")
	return from.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		st, left := r.stage(name), n
		if n == 0 {
			return nil
		}
		done := false
		err := from.feed(ctx, r.asking(func() int { return left }), func(in []T) error {
			if left < len(in) {
				r.held.spoil()
				in = in[:left]
			}
			left -= len(in)
			if err := pass(st, len(in), in, nil, emit); err != nil || left > 0 {
				return err
			}
			done = true
			return errStop
		})
		if done {
			return nil
		}
		return err
	})
}

// Skip leaves out the first n items.
func (s Stream[T]) Skip(n int) Stream[T] {
	name := s.stage("skip")
	from := s.require(n >= 0, "n", n, "must not be negative")
	return from.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		st, left := r.stage(name), n
		return from.feed(ctx, r, func(in []T) error {
			k := min(left, len(in))
			left -= k
			return pass(st, len(in), in[k:], nil, emit)
		})
	})
}

// pass counts what became of a chunk of n items, hands on those kept, and then fails if the step did.
func pass[T any](s *stage, n int, kept []T, err error, emit func([]T) error) error {
	if len(kept) > 0 {
		s.emitted.Add(int64(len(kept)))
		if down := emit(kept); down != nil {
			if err != nil {
				s.held.spoil()
			}
			return down
		}
	}
	if err != nil {
		s.failed.Add(1)
		return s.fail(err)
	}
	if left := n - len(kept); left > 0 {
		s.filtered.Add(int64(left))
	}
	return nil
}

// sized makes room for n items.
func sized[T any](buf []T, n int) []T {
	if cap(buf) < n {
		return make([]T, n)
	}
	return buf[:n]
}
