package streams

import "context"

// WithChunk sets how long each chunk of a run may be. It is called from several goroutines.
func WithChunk[T any](s Stream[T], length func() int) Stream[T] {
	s.trait.chunk = length
	return s
}

// SpillBetweenLooks does what the two goroutines of a Spill may do in this order: the one that takes
// finds memory empty, the other puts items, and the first goes on to the queue. It gives what that one
// takes until nothing is left.
func SpillBetweenLooks[T any](ctx context.Context, n int, queue Queue, codec Codec[T], items []T) ([]T, error) {
	b := &spill[T]{buffer: newBuffer[T](new(stage), n, Block), queue: queue, codec: codec}
	b.from = new(holder)
	all, _, _ := b.take(nil, n)
	if err := b.put(ctx, items); err != nil {
		return nil, err
	}
	for {
		chunk, _, _, err := b.pop(ctx, nil, n)
		if err != nil || len(chunk) == 0 {
			return all, err
		}
		all = append(all, chunk...)
	}
}
