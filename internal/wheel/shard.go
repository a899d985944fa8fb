package wheel

import (
	"math"
	"sync"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

const (
	never = math.MaxInt64 // armed: the runtime's timer is not set, any deadline sets it
	held  = math.MinInt64 // armed: no deadline sets it, because fire is running, or may not run
)

// maxScan is how many timers of the first slot are looked at to find the earliest. With more, the
// runtime's timer is set to where the slot starts, and the slot is emptied then.
const maxScan = 16

// shard is a part of a wheel's timers.
//
// Everything is guarded by mu, which is never held while the function fire runs. While firing is true, one
// goroutine is in run. It lets go of mu between bounded steps, and it alone writes cur and touches batch and
// ready, these without mu too. What others do in between is (1) to add timers, which go into slots from cur
// up, (2) to stop timers, also those in ready, whose entries then find no timer with their seq, and (3) to set
// paused or closed, which run looks at after each batch. They do not set the runtime's timer: armed is held.
type shard[T any] struct {
	mu sync.Mutex
	slots[T]
	seq   uint64 // of the last timer
	armed int64  // what the runtime's timer is set to, or earlier; never, or held
	timer *time.Timer
	wakes int // how often the runtime's timer called run

	firing, paused, closed bool
	idle                   sync.Cond // firing or paused has ended

	fire  func(batch []T)
	batch []T // what is being fired
	ready ready
}

func newShard[T any](fire func(batch []T)) *shard[T] {
	s := &shard[T]{slots: newSlots[T](), armed: never, fire: fire}
	s.idle.L = &s.mu
	return s
}

// add adds a timer, unless the shard holds as many as most already. A closed one drops it.
func (s *shard[T]) add(deadline int64, v T, most int) (h Handle[T], ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return Handle[T]{}, true
	}
	if s.live >= most {
		return Handle[T]{}, false
	}
	if deadline < s.armed {
		s.arm(deadline)
	}
	i := s.take()
	s.seq++
	n := s.node(i)
	n.v, n.deadline, n.seq = v, deadline, s.seq
	s.place(i, deadline)
	return Handle[T]{s, s.seq, i}, true
}

func (s *shard[T]) stop(i uint32, seq uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.find(i, seq) == nil {
		return false
	}
	s.unlink(i)
	s.release(i)
	return true
}

func (s *shard[T]) pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live
}

// arm sets the runtime's timer to a deadline. It knows the time then, so it moves cur on too, for what is
// added next to be placed as low as can be.
func (s *shard[T]) arm(deadline int64) {
	now := clock.Now()
	if _, start, ok := s.first(); !ok || start > tickOf(now) {
		s.cur = max(s.cur, tickOf(now))
	}
	s.armed = deadline
	d := until(deadline, now)
	if s.timer == nil {
		s.timer = time.AfterFunc(d, s.run)
	} else {
		s.timer.Reset(d)
	}
}

// until is how long after now a deadline is, as far as a Duration can say.
func until(deadline, now int64) time.Duration {
	if deadline <= now {
		return 0
	}
	if d := time.Duration(deadline - now); d > 0 {
		return d
	}
	return math.MaxInt64
}

// rearm lets deadlines set the runtime's timer again, and sets it to the earliest there is.
func (s *shard[T]) rearm() {
	s.armed = never
	if next := s.next(); next != never {
		s.arm(next)
	}
}

// hold stops the runtime's timer. A run that it has started already finds paused or closed, and fires nothing.
func (s *shard[T]) hold() {
	s.armed = held
	if s.timer != nil {
		s.timer.Stop()
	}
}

// next gives the earliest deadline, or an earlier time at which to look again.
func (s *shard[T]) next() int64 {
	next := s.ready.next()
	list, start, ok := s.first()
	if !ok {
		return next
	}
	earliest := int64(never)
	i := s.heads[list]
	for range maxScan {
		if i == none {
			return min(next, earliest)
		}
		earliest = min(earliest, s.node(i).deadline)
		i = s.link(i).next
	}
	return min(next, startOf(start))
}

func (s *shard[T]) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = true
	s.hold()
}

// awaitPause waits for run to end, or for the pause to.
func (s *shard[T]) awaitPause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.firing && s.paused {
		s.idle.Wait()
	}
}

func (s *shard[T]) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.paused || s.closed {
		return
	}
	s.paused = false
	s.idle.Broadcast()
	if !s.firing {
		s.rearm()
	}
}

func (s *shard[T]) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.hold()
	for s.firing {
		s.idle.Wait()
	}
	s.slots, s.ready, s.batch = newSlots[T](), ready{}, nil
}
