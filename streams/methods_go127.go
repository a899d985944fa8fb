//go:build go1.27

package streams

import (
	"context"
	"iter"
	"time"
)

// Map is the function [Map] as a method.
func (s Stream[T]) Map[U any](f func(ctx context.Context, item T) (U, error)) Stream[U] {
	return Map(s, f)
}

// FlatMap is the function [FlatMap] as a method.
func (s Stream[T]) FlatMap[U any](f func(ctx context.Context, item T) ([]U, error)) Stream[U] {
	return FlatMap(s, f)
}

// Scan is the function [Scan] as a method.
func (s Stream[T]) Scan[A any](initial A, f func(ctx context.Context, acc A, item T) (A, error)) Stream[A] {
	return Scan(s, initial, f)
}

// Reduce is the function [Reduce] as a method.
func (s Stream[T]) Reduce[A any](ctx context.Context, initial A, f func(acc A, item T) A) (A, error) {
	return Reduce(ctx, s, initial, f)
}

// Fold is the function [Fold] as a method.
func (s Stream[T]) Fold[A any](ctx context.Context, initial A, f func(ctx context.Context, acc A, item T) (A, error)) (A, error) {
	return Fold(ctx, s, initial, f)
}

// Batch is the function [Batch] as a method. B is inferred.
func (s Stream[T]) Batch[B interface{ []T }](size int, wait time.Duration) Stream[B] {
	return batched[T, B](s, BatchConfig[T]{Items: size, Wait: wait})
}

// BatchBy is the function [BatchBy] as a method. B is inferred.
func (s Stream[T]) BatchBy[B interface{ []T }](cfg BatchConfig[T]) Stream[B] {
	return batched[T, B](s, cfg)
}

// Windows is the function [Windows] as a method.
func (s Stream[T]) Windows[A any](cfg WindowConfig[T], open func() A, add func(acc A, item T) A) Stream[Window[A]] {
	return Windows(s, cfg, open, add)
}

// Sessions is the function [Sessions] as a method.
func (s Stream[T]) Sessions[A any](cfg SessionConfig[T], open func() A, add func(acc A, item T) A, merge func(a, b A) A) Stream[Window[A]] {
	return Sessions(s, cfg, open, add, merge)
}

// Conflate is the function [Conflate] as a method.
func (s Stream[T]) Conflate[A any](first func(item T) A, add func(acc A, item T) A) Stream[A] {
	return Conflate(s, first, add)
}

// Expand is the function [Expand] as a method.
func (s Stream[T]) Expand[U any](f func(ctx context.Context, item T) iter.Seq[U]) Stream[U] {
	return Expand(s, f)
}

// Zip is the function [Zip] as a method.
func (s Stream[T]) Zip[U, V any](b Stream[U], f func(ctx context.Context, a T, b U) (V, error)) Stream[V] {
	return Zip(s, b, f)
}

// DistinctBy is the function [DistinctBy] as a method.
func (s Stream[T]) DistinctBy[K comparable](max int, key func(item T) K) Stream[T] {
	return DistinctBy(s, max, key)
}

// ParallelBy is the function [ParallelBy] as a method.
func (s Stream[T]) ParallelBy[K comparable](n int, key func(item T) K) Stream[T] {
	return ParallelBy(s, n, key)
}

// GroupBy is the function [GroupBy] as a method.
func (s Stream[T]) GroupBy[K comparable](ctx context.Context, cfg GroupConfig, key func(item T) K, f func(ctx context.Context, key K, in Stream[T]) error) error {
	return GroupBy(ctx, s, cfg, key, f)
}
