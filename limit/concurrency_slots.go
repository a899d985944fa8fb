package limit

import (
	"container/heap"
	"sync"
	"sync/atomic"
)

// slots is a weighted semaphore: how many permits are held, how many may be, and who waits, in one
// word and a line.
//
// The word holds the limit, the number held, and two marks: locked, while someone who holds the lock
// decides, and queued, while someone is in line. Without marks, the word is changed by
// compare-and-swap, by anyone. With one of them it is changed under the lock only: everyone else finds
// the mark and takes the lock. Whoever holds the lock sets locked before looking at word and line, so
// both stand still meanwhile. So (1) no permit becomes free without the line being looked at, and (2)
// nobody takes one past the line.
//
// A waiter leaves the line once, under the lock: served, sent away, or cancelled. Who cancels finds out
// under the lock which it was, so what was served to it is either held or was never taken.
type slots struct {
	maxWaiters int
	reserved   int   // of maxWaiters, for the critical
	step       int64 // how much earlier a step of priority counts as having come, in ns

	mu   sync.Mutex
	line queue  // guarded by mu
	last uint64 // the number of the newest waiter; guarded by mu

	_    [64]byte
	word atomic.Uint64
}

// slotWord is a value of the word: locked, 31 bits of limit, queued, 31 bits held.
type slotWord uint64

const (
	locked   = 1 << 63
	queued   = 1 << 31
	slotMask = 1<<31 - 1
)

func (w slotWord) limit() uint64 { return uint64(w >> 32 & slotMask) }
func (w slotWord) held() uint64  { return uint64(w & slotMask) }
func (w slotWord) marked() bool  { return w&(locked|queued) != 0 }

// fits reports whether n more permits can be held. It is false for n of 0, for those above the limit,
// and so for a negative int.
func (w slotWord) fits(n uint64) bool { return n-1 < w.limit() && w.held()+n <= w.limit() }

func (s *slots) load() slotWord { return slotWord(s.word.Load()) }

// take takes n permits if they fit, nobody waits, and nobody is deciding who does. It returns the word
// it decided on.
func (s *slots) take(n uint64) (w slotWord, ok bool) {
	for {
		w = s.load()
		if w.marked() || !w.fits(n) {
			return w, false
		}
		if s.word.CompareAndSwap(uint64(w), uint64(w)+n) {
			return w, true
		}
		backOff()
	}
}

// try takes n permits if they fit and nobody waits.
func (s *slots) try(n uint64) bool {
	w, ok := s.take(n)
	if ok || w&locked == 0 || w&queued != 0 {
		return ok
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w = s.mark()
	if ok = w.fits(n) && len(s.line) == 0; ok {
		w += slotWord(n)
	}
	s.unmark(w)
	return ok
}

// backOff leaves the word to whoever has just changed it, for some 150 ns. That one is often about to do
// so again, and a cache line that stays where it is serves both sooner than one that goes to and fro.
func backOff() {
	for range 500 {
	}
}

// give gives n permits back, or all that are held when that is less, and returns the word before.
func (s *slots) give(n uint64) slotWord {
	for {
		w := s.load()
		if w.marked() || n > w.held() {
			return s.giveLine(n)
		}
		if s.word.CompareAndSwap(uint64(w), uint64(w)-n) {
			return w
		}
		backOff()
	}
}

func (s *slots) giveLine(n uint64) slotWord {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.mark()
	s.serve(w - slotWord(min(n, w.held())))
	return w
}

// entry is how an attempt to enter ended.
type entry uint8

const (
	entered  entry = iota // the permits are held
	inLine                // they will be
	tooMany               // more than the limit
	lineFull              // all places for such as the caller are taken
)

// enter takes n permits if nobody is to be served before, and otherwise puts the caller in line, as
// one that came at now.
func (s *slots) enter(now int64, n uint64, as standing) (*waiter, entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.mark()
	s.last++
	rank := rank{at: now - int64(as.priority)*s.step, number: s.last}
	var in *waiter
	how := inLine
	switch {
	case n-1 >= w.limit():
		how = tooMany
	case w.fits(n) && (len(s.line) == 0 || rank.before(s.line[0].rank)):
		how = entered
		w += slotWord(n)
	case len(s.line) >= s.places(as):
		how = lineFull
	default:
		in = &waiter{rank: rank, n: n, out: make(chan struct{})}
		heap.Push(&s.line, in)
	}
	s.unmark(w)
	return in, how
}

// places is how long the line may be for one more to enter it.
func (s *slots) places(as standing) int {
	if as.critical {
		return s.maxWaiters
	}
	return s.maxWaiters - s.reserved
}

// leave takes w out of line. It is false when w is out already: served, or sent away.
func (s *slots) leave(w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.index < 0 {
		return false
	}
	heap.Remove(&s.line, w.index)
	s.serve(s.mark()) // those behind it may need less
	return true
}

// resize changes the limit and reports whether it was another.
func (s *slots) resize(limit uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.mark()
	if limit < w.limit() {
		s.line.sendAway(limit)
	}
	s.serve(w&(1<<32-1) | slotWord(limit<<32))
	return limit != w.limit()
}

// mark sets locked: the word stands still until unmark. The caller holds the lock.
func (s *slots) mark() slotWord { return slotWord(s.word.Or(locked) | locked) }

// unmark sets the word to w without locked, and with queued if someone is in line.
func (s *slots) unmark(w slotWord) {
	w &^= locked | queued
	if len(s.line) > 0 {
		w |= queued
	}
	s.word.Store(uint64(w))
}

// serve lets in as many as there are permits for in w, in order, and ends with unmark.
func (s *slots) serve(w slotWord) {
	for len(s.line) > 0 && w.fits(s.line[0].n) {
		in := heap.Pop(&s.line).(*waiter)
		w += slotWord(in.n)
		close(in.out)
	}
	s.unmark(w)
}

// waiting is how many are in line.
func (s *slots) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.line)
}
