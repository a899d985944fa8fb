package wheel

import (
	"cmp"
	"slices"

	"github.com/goflow-go/goflow/internal/clock"
)

// step is the most timers moved at a time with the lock held, which takes a fraction of a millisecond. It is
// not shorter, because between steps one who takes the lock without pause keeps run waiting for longer.
const step = 4096

// entry names a timer that is in list alone.
type entry struct {
	deadline int64
	seq      uint64
	node     uint32
}

// ready are the timers of ticks up to the current one, in the order they fire in. Some are due later in
// this tick. Some were stopped: then no timer has their seq.
type ready struct {
	entries []entry
	at      int // those before have fired
	sorted  int // those before are in order
}

func (r *ready) len() int      { return len(r.entries) - r.at }
func (r *ready) unsorted() int { return len(r.entries) - r.sorted }

// full tells whether a whole batch is in order and due.
func (r *ready) full(now int64) bool {
	return r.len() >= maxBatch && r.entries[r.at+maxBatch-1].deadline <= now
}

// next gives the earliest deadline, or never.
func (r *ready) next() int64 {
	if r.len() == 0 {
		return never
	}
	return r.entries[r.at].deadline
}

// order sorts what came last, and the rest too when some of it belongs before what was there.
func (r *ready) order() {
	from := r.sorted
	slices.SortFunc(r.entries[from:], entry.compare)
	if from > r.at && from < len(r.entries) && r.entries[from].compare(r.entries[from-1]) < 0 {
		slices.SortFunc(r.entries[r.at:], entry.compare)
	}
	r.sorted = len(r.entries)
}

func (e entry) compare(other entry) int {
	if c := cmp.Compare(e.deadline, other.deadline); c != 0 {
		return c
	}
	return cmp.Compare(e.seq, other.seq)
}

// reserve makes room for the next step, so that a crowd is not copied with the lock held.
func (r *ready) reserve() {
	if n := len(r.entries); n >= step && cap(r.entries)-n < step {
		r.entries = slices.Grow(r.entries, n)
	}
}

// drop lets go of the entries that have fired, when they are most and few others must be moved. What a
// crowd needed is not kept.
func (r *ready) drop() {
	if r.at < r.len() || r.len() > maxBatch {
		return
	}
	kept := r.entries[:0]
	if r.len() == 0 && cap(kept) > 2*maxBatch {
		kept = nil
	}
	kept = append(kept, r.entries[r.at:]...)
	*r = ready{entries: kept, sorted: len(kept)}
}

// run fires what is due. The runtime's timer calls it in a goroutine of its own.
func (s *shard[T]) run() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakes++
	if s.firing {
		return
	}
	s.firing, s.armed = true, held
	defer s.settle()
	for !s.paused && !s.closed {
		now := clock.Now()
		if !s.ready.full(now) {
			s.collect(now)
		}
		if s.ready.next() > now {
			return
		}
		s.fill(now)
		s.call()
	}
}

// settle ends run, also when fire has left by runtime.Goexit.
func (s *shard[T]) settle() {
	s.firing = false
	s.idle.Broadcast()
	if !s.paused && !s.closed {
		s.rearm()
	}
}

// collect makes ready what is due, or a batch of it, and orders it. The lock is not held throughout.
func (s *shard[T]) collect(now int64) {
	for s.advance(tickOf(now)) {
		s.mu.Unlock()
		s.ready.reserve()
		s.mu.Lock()
	}
	if s.ready.unsorted() == 0 {
		return
	}
	s.mu.Unlock()
	s.ready.order()
	s.mu.Lock()
}

// advance moves timers from slots that have come towards ready, at most step. It is false when no slot
// is left, or enough was made ready.
func (s *shard[T]) advance(tick uint64) bool {
	for left := step; left > 0; {
		if s.heads[moving] != none {
			left -= s.move(left)
			continue
		}
		list, start, ok := s.first()
		if !ok || start > tick {
			s.cur = max(s.cur, tick)
			return false
		}
		if s.ready.unsorted() >= maxBatch {
			return false
		}
		s.cur = start
		s.detach(list)
	}
	return true
}

// move puts nodes of list moving into ready if their tick has come, else into lower slots.
func (s *shard[T]) move(limit int) (moved int) {
	i := s.heads[moving]
	for ; i != none && moved < limit; moved++ {
		n, l := s.node(i), s.link(i)
		next := l.next
		if tickOf(n.deadline) > s.cur {
			s.place(i, n.deadline)
		} else {
			*l = link{next: none, prev: isHead | alone}
			s.ready.entries = append(s.ready.entries, entry{n.deadline, n.seq, i})
		}
		i = next
	}
	s.heads[moving] = i
	if i != none {
		s.link(i).prev = isHead | moving
	}
	return moved
}

// fill takes the payloads of what is ready and due into the batch, and frees their nodes.
func (s *shard[T]) fill(now int64) {
	for range min(s.ready.len(), maxBatch) {
		e := s.ready.entries[s.ready.at]
		if e.deadline > now {
			break
		}
		s.ready.at++
		if n := s.find(e.node, e.seq); n != nil {
			s.batch = append(s.batch, n.v)
			s.release(e.node)
		}
	}
	s.ready.drop()
}

// call fires the batch, with the lock not held.
func (s *shard[T]) call() {
	if len(s.batch) == 0 {
		return
	}
	s.mu.Unlock()
	defer s.called()
	s.fire(s.batch)
}

// called takes the lock again, and keeps nothing of the batch. It is deferred for a fire that leaves by
// runtime.Goexit.
func (s *shard[T]) called() {
	s.mu.Lock()
	clear(s.batch)
	s.batch = s.batch[:0]
}
