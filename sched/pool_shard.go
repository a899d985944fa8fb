package sched

import (
	"sync"
	"sync/atomic"
)

// lanes is how many priorities there are.
const lanes = 3

// patience is how often a lane that has tasks is passed over before it has its turn: with another lane
// that may be due at the same time, each has one of 16 turns.
const patience = 14

// shard is a part of the queue. There is one for each processor, so that few wait for its lock.
type shard struct {
	mu     sync.Mutex
	open   bool  // takes tasks
	era    *era  // whose workers may take tasks from it
	room   int32 // how many may wait here
	index  uint32
	n      int32 // how many wait
	lanes  [lanes]ring
	passed [lanes]uint32 // how often each lane was passed over

	in     uint32 // how many were ever put here, and
	out    uint32 // how many have left, so that one can tell whether any of an earlier time is left
	mark   uint32 // in when the timer of the scaler was set
	popped int64  // how many were given to workers

	completed int64 // how many of the plain ones have succeeded

	samples sampler
	some    atomic.Bool // n > 0, for who does not hold mu

	_ [64]byte // the next shard's lock is in another line
}

// verdict is what became of a push.
type verdict uint8

const (
	taken verdict = iota
	full
	closed
)

// push puts it into a lane. Now and then it says that whoever pushes here should see where it is at home.
func (s *shard) push(it item, lane int) (v verdict, settle bool) {
	s.mu.Lock()
	v = s.add(it, lane)
	settle = s.samples.number%sampleEvery == 0
	s.mu.Unlock()
	return v, settle
}

// add is push for who holds mu.
func (s *shard) add(it item, lane int) verdict {
	if !s.open {
		return closed
	}
	if s.n >= s.room {
		return full
	}
	if at := s.samples.stamp(); it.at == 0 {
		it.at = at
	}
	s.lanes[lane].push(it)
	s.in++
	s.n++
	if s.n == 1 {
		s.some.Store(true)
	}
	return taken
}

// pushAll puts as many of ws into a lane as there is room for, and says how many.
func (s *shard) pushAll(ws []work, lane int) (n int, v verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < len(ws) && v == taken {
		if v = s.add(item{work: ws[n]}, lane); v == taken {
			n++
		}
	}
	return n, v
}

// remove takes the task whose turn it is. There must be one. The caller holds mu.
func (s *shard) remove() item {
	it := s.lanes[s.turn()].pop()
	s.left(1)
	return it
}

// turn is the lane whose turn it is.
func (s *shard) turn() int {
	if normal := Normal.lane(); s.n == int32(s.lanes[normal].n) {
		return normal
	}
	return s.choose()
}

// choose is turn where there are several lanes: the highest that has tasks, unless a lower one was
// passed over too often.
func (s *shard) choose() int {
	chosen := -1
	for lane := range lanes {
		if s.lanes[lane].n == 0 {
			continue
		}
		if chosen < 0 || s.passed[chosen] < patience {
			chosen = lane
		}
	}
	for lane := range lanes {
		if s.lanes[lane].n > 0 {
			s.passed[lane]++
		}
	}
	s.passed[chosen] = 0
	return chosen
}

// left notes that k tasks have left the shard.
func (s *shard) left(k int32) {
	s.out += uint32(k)
	s.n -= k
	if s.n == 0 {
		s.some.Store(false)
	}
}

// pop takes a task for w. It says how many submitters may be called to put others there.
func (s *shard) pop(w *worker) (it item, free int32, ok bool) {
	if !s.some.Load() {
		return item{}, 0, false
	}
	s.mu.Lock()
	if s.n > 0 && s.era == w.era {
		it, free = s.give(w)
		ok = true
	}
	s.mu.Unlock()
	return it, free, ok
}

// give removes a task for w, and counts what w did. It says how many submitters may be called to put others
// there: none until half of the shard is free.
func (s *shard) give(w *worker) (it item, free int32) {
	s.popped++
	s.completed += w.done
	w.done = 0
	it = s.remove()
	if s.n <= s.room/2 {
		free = s.room - s.n
	}
	return it, free
}

// most is how many tasks a worker moves at a time.
const most = 64

// steal takes a task for w, whose home is another shard, and moves up to half of the others there, where
// every worker still sees them: none hides behind a slow one.
func (s *shard) steal(w *worker) (it item, free int32, ok bool) {
	if !s.some.Load() {
		return item{}, 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n == 0 || s.era != w.era {
		return item{}, 0, false
	}
	it, free = s.give(w)
	if home := w.home; s.n >= 4 && home.mu.TryLock() {
		s.move(home, min(s.n/2, most, home.room-home.n))
		home.mu.Unlock()
	}
	return it, free, true
}

// spill is push that makes room, when there is none, by moving up to half of the tasks to another shard: to
// put one at a time there would be in the way of the workers that are at home there.
func (s *shard) spill(to *shard, it item, lane int) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n >= s.room && to.mu.TryLock() {
		s.move(to, min(s.n/2, (to.room-to.n+1)/2))
		to.mu.Unlock()
	}
	return s.add(it, lane)
}

// move gives k tasks to home. The caller holds both locks.
func (s *shard) move(home *shard, k int32) {
	if k <= 0 || home.era != s.era {
		return
	}
	if normal := Normal.lane(); s.n == int32(s.lanes[normal].n) {
		s.lanes[normal].give(&home.lanes[normal], uint32(k))
		s.left(k)
	} else {
		for range k {
			lane := s.turn()
			home.lanes[lane].push(s.lanes[lane].pop())
			s.left(1)
		}
	}
	if home.n == 0 {
		home.some.Store(true)
	}
	home.in += uint32(k)
	home.n += k
}

// oldest takes the task to be dropped: of the lowest lane that has any, the one that waited longest. There
// must be one. The caller holds mu.
func (s *shard) oldest() item {
	for lane := range lanes {
		if s.lanes[lane].n > 0 {
			it := s.lanes[lane].pop()
			s.left(1)
			return it
		}
	}
	return item{}
}

// takeBack empties the shard, which from then on gives nothing to the workers it had.
func (s *shard) takeBack() []item {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.era = nil
	list := make([]item, 0, s.n)
	for s.n > 0 {
		list = append(list, s.remove())
	}
	return list
}

// read gives the shard's counters, and how many tasks wait in it.
func (s *shard) read() (popped, completed, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.popped, s.completed, int64(s.n)
}
