package streams

import "context"

// Pull gives what next returns until ok is false. An error ends the run, after the items before it. Unlike
// [Generate] it hands each item on before it asks for the next, so none is held back, and next is
// not called before the steps below have taken what it gave: for messages whose sender waits for an
// answer, or is stopped when nobody asks.
func Pull[T any](next func(ctx context.Context) (item T, ok bool, err error)) Stream[T] {
	return source(func(ctx context.Context, r *run, emit func([]T) error) error {
		st := r.stage("source")
		var one [1]T
		for {
			if err := ended(ctx); err != nil {
				return err
			}
			v, ok, err := pulled(ctx, next)
			if err != nil {
				return st.failing(ctx, err)
			}
			if !ok {
				return nil
			}
			one[0] = v
			if err := emit(one[:]); err != nil {
				return err
			}
		}
	})
}

// pulled calls next, whose panic is an error.
func pulled[T any](ctx context.Context, next func(context.Context) (T, bool, error)) (item T, ok bool, err error) {
	defer caught(&err)
	return next(ctx)
}
