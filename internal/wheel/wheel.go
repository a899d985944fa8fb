// Package wheel is the timer core of the scheduler: a hierarchical timing wheel (Varghese and Lauck, 1987)
// that holds millions of timers, cancels at once, and fires in batches.
//
// A wheel is made of shards, each with a lock, a slab of timers and one timer of the runtime, which is
// set to the very deadline that comes next. Nothing ticks, and a wheel has no goroutine while nothing is
// due. A timer never fires early, and in a testing/synctest bubble exactly at its deadline. Within
// a shard timers fire in the order of their deadlines, and of insertion where those are equal; between
// shards there is no order.
//
// Adding and stopping take a constant time and no allocation. No lock is held for longer than it takes
// to move a few thousand timers, and none while timers fire. A timer with a payload of 16 bytes takes 40
// bytes. The memory of a burst serves what comes next, and is given back when no timer of a shard is left.
package wheel

import (
	"math/bits"
	"runtime"

	"github.com/goflow-go/goflow/internal/stripe"
)

// maxBatch is the most timers fired with one call.
const maxBatch = 4096

// Wheel holds timers with payloads of type T and hands those that are due to its fire function. Make it
// with New, and Close it. All methods may be called concurrently.
type Wheel[T any] struct {
	shards []*shard[T]
	mask   int
}

// Handle names one timer of a wheel, for ever: it does no harm after the timer has fired or was stopped.
// The zero Handle names none.
type Handle[T any] struct {
	shard *shard[T]
	seq   uint64
	node  uint32
}

// New makes a wheel with a shard for each processor, up to 16. It does nothing until the first timer.
//
// Fire is called with the payloads of timers that are due, at most 4096, and must not keep the slice. It
// is called by one goroutine at a time for each shard, so it holds up the timers of that shard while it
// runs. It may call At, Stop, Len and Resume, but not Pause or Close, which wait for it. It must not panic,
// which ends the program as in any goroutine; if it calls runtime.Goexit, the wheel goes on.
func New[T any](fire func(batch []T)) *Wheel[T] {
	return newWheel(runtime.GOMAXPROCS(0), fire)
}

// newWheel rounds the number of shards up to a power of two, which stripe.Index must reach.
func newWheel[T any](shards int, fire func(batch []T)) *Wheel[T] {
	n := 1 << bits.Len(uint(min(shards, stripe.Cells)-1))
	w := &Wheel[T]{shards: make([]*shard[T], n), mask: n - 1}
	for i := range w.shards {
		w.shards[i] = newShard(fire)
	}
	return w
}

// At adds a timer with the payload v that fires at deadline, in nanoseconds of clock.Now. If that is past,
// it fires as soon as possible, but never inside At. A closed wheel drops v and gives the zero Handle.
// A goroutine mostly adds to the same shard.
//
// Memory is the bound: At panics when a shard holds 2^31 timers, which take more than 80 GB.
func (w *Wheel[T]) At(deadline int64, v T) Handle[T] {
	h, _ := w.shards[stripe.Index()&w.mask].add(deadline, v, maxNodes)
	return h
}

// TryAt is At on a wheel that is to hold no more than most timers; it is false when it holds so many. Two
// at the same time may both find the last place.
func (w *Wheel[T]) TryAt(deadline int64, v T, most int) (h Handle[T], ok bool) {
	s := w.shards[stripe.Index()&w.mask]
	if h, ok = s.add(deadline, v, most/len(w.shards)); ok || w.Len() >= most {
		return h, ok
	}
	return s.add(deadline, v, maxNodes)
}

// Stop takes the timer out of its wheel and lets go of its payload. It is false when it is too late: the
// timer has fired or is about to, was stopped before, or its wheel is closed.
func (h Handle[T]) Stop() bool {
	return h.shard != nil && h.shard.stop(h.node, h.seq)
}

// Len is the number of pending timers.
func (w *Wheel[T]) Len() (n int) {
	for _, s := range w.shards {
		n += s.pending()
	}
	return n
}

// Pause keeps timers from firing until Resume. It waits for fire to return where it is under way. At and
// Stop work meanwhile. Pausing twice is as pausing once.
func (w *Wheel[T]) Pause() {
	for _, s := range w.shards {
		s.pause()
	}
	for _, s := range w.shards {
		s.awaitPause()
	}
}

// Resume ends Pause. What is overdue fires as soon as possible.
func (w *Wheel[T]) Resume() {
	for _, s := range w.shards {
		s.resume()
	}
}

// Close drops all timers. It waits for fire to return where it is under way; afterwards nothing fires.
func (w *Wheel[T]) Close() {
	for _, s := range w.shards {
		s.close()
	}
}
