package streams

// WithChunk sets how long each chunk of a run may be. It is called from several goroutines.
func WithChunk[T any](s Stream[T], length func() int) Stream[T] {
	s.trait.chunk = length
	return s
}
