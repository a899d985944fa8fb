package limit

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// shard is a part of a Keyed limiter's keys: an open-addressed table, searched linearly.
//
// Operations on the table take no lock. A slot belongs to the hash first swapped into it, for as
// long as the table lives; its TAT is taken from as in a cell. Under mu, a table is replaced by a
// new one with the keys still in use: when it has filled up, its ticks are to be rebased, or the
// quota changes. Replacing swaps moved into each slot's TAT and then closed into its hash. So (1) who
// loses a compare-and-swap of a TAT finds moved, and waits for the new table; (2) no key claims a
// slot that replacing has passed; (3) the claimed slots are known exactly, and with them how many
// keys are held.
type shard struct {
	table   atomic.Pointer[table]
	mu      sync.Mutex // held by replacements
	purgeAt atomic.Int64
	_       [104]byte

	allowed, denied, more, overflowed, nearLimits atomic.Int64
	_                                             [88]byte
}

// What a slot of a replaced table holds.
const (
	moved  = math.MinInt64  // as TAT
	closed = math.MaxUint64 // as hash
)

type table struct {
	quota   *quota
	classes []*quota // with the ticks of quota
	slots   []slot
	used    atomic.Int64 // claimed slots; at most full
	full    int64
}

type slot struct {
	hash atomic.Uint64 // 0 while unclaimed
	tat  atomic.Int64
}

// minSlots is the size of the smallest table.
const minSlots = 8

// newTable makes a table that is half full with keys keys, and full at three quarters.
func newTable(q *quota, keys int) *table {
	n := max(minSlots, 2*keys)
	return &table{quota: q, slots: make([]slot, n), full: int64(n * 3 / 4)}
}

// counted counts a claim of n permits.
func (s *shard) counted(c claim, n int) {
	if !c.ok {
		s.denied.Add(1)
		return
	}
	s.allowed.Add(1)
	if c.tat-c.t > c.quota.near {
		s.nearLimits.Add(1)
	}
	if n > 1 {
		s.more.Add(int64(n - 1))
	}
}

// take takes n permits of the key with hash h, or charges for them. It is false, and nothing was
// decided, when the key is not held and no further one may be.
func (k *Keyed) take(s *shard, h uint64, class int, now int64, n int, charge bool) (c claim, held bool) {
	h = min(max(h, 1), closed-1)
	for t := s.table.Load(); ; {
		if t.quota.expired(now) {
			t = s.replace(t, k, now)
			continue
		}
		sl, state := t.find(k, h)
		switch state {
		case found:
			q := t.quota
			if class > 0 {
				q = t.classes[class-1]
			}
			if c, ok := sl.take(q, now, n, charge); ok {
				return c, true
			}
			t = s.current()
		case tableMoved:
			t = s.current()
		case tableFull:
			t = s.replace(t, k, now)
		case limiterFull:
			if !k.makeRoom(s, now) {
				return claim{}, false
			}
			t = s.table.Load()
		}
	}
}

// makeRoom forgets keys at rest, of s first, until there is room for another key.
func (k *Keyed) makeRoom(s *shard, now int64) bool {
	if now < k.fullUntil.Load() {
		return false
	}
	s.purge(k, now)
	for i := range k.shards {
		if k.keys.Load() < k.maxKeys {
			return true
		}
		k.shards[i].purge(k, now)
	}
	if k.keys.Load() < k.maxKeys {
		return true
	}
	k.fullUntil.Store(now + purgeEvery)
	return false
}

// purge forgets the shard's keys at rest, unless it just has.
func (s *shard) purge(k *Keyed, now int64) {
	if now >= s.purgeAt.Load() {
		s.replace(s.table.Load(), k, now)
	}
}

// current waits for a replacement that runs.
func (s *shard) current() *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.table.Load()
}

// take is cell.take on a slot, or cell.charge; it is false when the table has moved.
func (s *slot) take(q *quota, now int64, n int, charge bool) (claim, bool) {
	if n > q.burst && !charge {
		return claim{quota: q}, true
	}
	t := q.ticks(now)
	for {
		tat := s.tat.Load()
		if tat == moved {
			return claim{}, false
		}
		next := max(tat, t) + int64(n)*q.interval
		ok := n <= q.burst && next-t <= q.tolerance
		if !ok {
			if !charge {
				return claim{quota: q, t: t, tat: tat}, true
			}
			next = q.charged(t, tat, n)
		}
		if s.tat.CompareAndSwap(tat, next) {
			return claim{quota: q, t: t, tat: next, ok: ok}, true
		}
	}
}

type searched uint8

const (
	found       searched = iota
	tableMoved           // the table has been, or is being, replaced
	tableFull            // the table must be replaced first
	limiterFull          // the limiter holds all the keys it may
)

// find gives the slot of a hash, claiming one if it has none.
func (t *table) find(k *Keyed, h uint64) (*slot, searched) {
	for i := place(h, len(t.slots)); ; i++ {
		if i == len(t.slots) {
			i = 0
		}
		s := &t.slots[i]
		switch s.hash.Load() {
		case h:
			return s, found
		case closed:
			return nil, tableMoved
		case 0:
			if state := t.reserve(k); state != found {
				return nil, state
			}
			if s.hash.CompareAndSwap(0, h) {
				return s, found
			}
			t.used.Add(-1)
			k.keys.Add(-1)
			i-- // look again at who was first: another key, the same key, or a replacement
		}
	}
}

// reserve counts a key before it claims a slot, so that a table always keeps free slots for
// searches to end at, and the limiter its bound.
func (t *table) reserve(k *Keyed) searched {
	if k.keys.Add(1) > k.maxKeys {
		k.keys.Add(-1)
		return limiterFull
	}
	if t.used.Add(1) > t.full {
		t.used.Add(-1)
		k.keys.Add(-1)
		return tableFull
	}
	return found
}

// A full limiter looks for keys at rest in a shard every purgeEvery at most, and every purgeSlot for each
// slot of its table, so that looking takes about a hundredth of a processor whatever MaxKeys is.
const (
	purgeEvery = int64(10 * time.Millisecond)
	purgeSlot  = int64(64 * time.Microsecond)
)

// replace puts a table of the keys still in use in old's place, unless someone else did, and returns
// the table in place.
func (s *shard) replace(old *table, k *Keyed, now int64) *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.table.Load(); t != old {
		return t
	}
	return s.swap(old, k, old.quota, now)
}

// retune puts the keys under a new quota.
func (s *shard) retune(k *Keyed, q *quota, now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.swap(s.table.Load(), k, q, now)
}

// swap replaces old; the caller holds mu. The new table's ticks begin at now: whoever read the clock
// before, when a key forgotten here was still in use, takes its permits from now on.
func (s *shard) swap(old *table, k *Keyed, q *quota, now int64) *table {
	now = max(now, old.quota.base)
	q = q.at(now)
	type key struct {
		hash uint64
		tat  int64
	}
	keep := make([]key, 0, old.used.Load())
	claimed := 0
	for i := range old.slots {
		tat := old.slots[i].tat.Swap(moved)
		hash := old.slots[i].hash.Swap(closed)
		if hash == 0 {
			continue
		}
		claimed++
		if tat = old.quota.translate(tat, now, q); tat > 0 {
			keep = append(keep, key{hash, tat})
		}
	}
	t := k.newTable(q, len(keep))
	for _, kept := range keep {
		i := place(kept.hash, len(t.slots))
		for t.slots[i].hash.Load() != 0 {
			i = (i + 1) % len(t.slots)
		}
		t.slots[i].hash.Store(kept.hash)
		t.slots[i].tat.Store(kept.tat)
	}
	t.used.Store(int64(len(keep)))
	k.keys.Add(int64(len(keep) - claimed))
	s.purgeAt.Store(now + max(purgeEvery, int64(len(t.slots))*purgeSlot))
	s.table.Store(t)
	return t
}
