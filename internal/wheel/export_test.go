package wheel

import "github.com/goflow-go/goflow/internal/clock"

// NewSharded makes a wheel with a given number of shards.
func NewSharded[T any](shards int, fire func(batch []T)) *Wheel[T] { return newWheel(shards, fire) }

// Slots is how many timers the memory that w holds is enough for.
func (w *Wheel[T]) Slots() (n int) {
	for _, s := range w.shards {
		s.mu.Lock()
		n += len(s.chunks) * chunkLen
		s.mu.Unlock()
	}
	return n
}

// Wakes is how often w was woken by the runtime's timers.
func (w *Wheel[T]) Wakes() (n int) {
	for _, s := range w.shards {
		s.mu.Lock()
		n += s.wakes
		s.mu.Unlock()
	}
	return n
}

// Wake does what the runtime's timers do that were set again or stopped too late.
func (w *Wheel[T]) Wake() {
	for _, s := range w.shards {
		s.run()
	}
}

// Step moves some of the timers that are due towards firing, as between two times that the lock is let go.
func (w *Wheel[T]) Step() {
	for _, s := range w.shards {
		s.mu.Lock()
		s.advance(tickOf(clock.Now()))
		s.mu.Unlock()
	}
}

// Ready is how many timers the memory is enough for that is used to order them. To be called by
// fire, or when nothing fires.
func (w *Wheel[T]) Ready() (n int) {
	for _, s := range w.shards {
		n = max(n, cap(s.ready.entries))
	}
	return n
}
