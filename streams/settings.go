package streams

import (
	"context"
	"hash/maphash"
	"slices"

	"github.com/goflow-go/goflow/core"
)

// Parallel lets the next [Map], [FlatMap] or [Stream.ForEach] run its function in n goroutines. What
// it hands on keeps the order of the items; see [Stream.Unordered]. It reads ahead by at most three
// chunks for each goroutine. Chunks adapt from 1 item, for slow functions, to as many as those above hand
// on together, for fast ones: 256 of a slice, at most 1024.
func (s Stream[T]) Parallel(n int) Stream[T] {
	s.trait = s.trait.invalid(n > 0 && n <= maxWorkers, "Parallel", n, "must be 1 to 65536")
	s.next.workers = n
	return s
}

// maxWorkers bounds the goroutines of a step.
const maxWorkers = 1 << 16

// Unordered lets the next parallel step hand on what is ready first.
func (s Stream[T]) Unordered() Stream[T] {
	s.next.unordered = true
	return s
}

// ParallelBy is [Stream.Parallel] for work that must be in order for each key, such as an account:
// items of one key go through one goroutine, one after the other, and come out in their order. Items
// of different keys come out in any. A slow key holds up those that share its goroutine.
func ParallelBy[T any, K comparable](s Stream[T], n int, key func(item T) K) Stream[T] {
	seed := maphash.MakeSeed()
	s = s.Parallel(n)
	s.next.key = func(item T) uint64 { return maphash.Comparable(seed, key(item)) }
	return s
}

// WithPolicies lets the next [Map], [FlatMap] or [Stream.ForEach] run its function under policies,
// the first outermost, for each item: a retry, a timeout, a limit that paces.
func (s Stream[T]) WithPolicies(policies ...core.Policy) Stream[T] {
	s.next.policies = append(slices.Clip(s.next.policies), policies...)
	return s
}

// SkipErrors lets the next [Map], [FlatMap] or [Stream.ForEach] leave out the items whose function
// fails or panics. They are counted as failed.
func (s Stream[T]) SkipErrors() Stream[T] {
	s.next.skip = true
	return s
}

// DeadLetter lets the next [Map], [FlatMap] or [Stream.ForEach] give the items whose function fails
// or panics to put, with a [*StageError], and go on. When put fails, so does the run. Of a parallel
// step, it is called from many goroutines.
func (s Stream[T]) DeadLetter(put func(ctx context.Context, item T, err error) error) Stream[T] {
	s.next.deadLetter = put
	return s
}

// OnDrop lets the next [Stream.Buffer] show the items it drops to look, each chunk of them before the
// next is read. The slice is valid during the call.
func (s Stream[T]) OnDrop(look func(items []T)) Stream[T] {
	s.next.onDrop = look
	return s
}
