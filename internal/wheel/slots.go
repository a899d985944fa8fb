package wheel

import "math/bits"

// Level l has slots of 64^l ticks. With a tick of 131 us, seven levels reach 18 years. The eighth holds
// what is beyond, up to any int64.
const (
	tickShift = 17
	lvlBits   = 6
	lvlSlots  = 1 << lvlBits
	lvlMask   = lvlSlots - 1
	levels    = 8
)

// tickOf gives the tick of an instant of clock.Now. Ticks count from the least int64, because a bubble's
// clock is below zero.
func tickOf(ns int64) uint64 { return (uint64(ns) ^ 1<<63) >> tickShift }

// startOf is the first instant of a tick.
func startOf(tick uint64) int64 { return int64(tick<<tickShift ^ 1<<63) }

// The lists of a wheel are its slots, numbered from level 0 up, and two more.
const (
	moving = levels*lvlSlots + iota // the slot that is being emptied, see shard.advance
	alone                           // a node in no slot: it is ready to fire, see shard.ready
	lists
)

// slots are the levels of a wheel, as lists of nodes.
//
// A timer's slot is a function of its tick and cur, the last tick that the wheel has come to: its level
// is that of the highest digit, to base 64, in which the two differ, and its slot there is that digit of
// its tick. So a slot never holds timers of two laps, each slot comes before all slots of the levels
// above, and the first slot is the lowest bit of the lowest level in use. It stays so as cur advances if
// (1) cur never passes the start of a slot that is in use, and (2) when cur comes to the start of one, the
// slot is emptied into those below: until it is empty, its nodes are in list moving.
type slots[T any] struct {
	slab[T]
	cur   uint64
	inUse [levels + 1]uint64 // which lists are not empty; of the two that are no slots it means nothing
	heads [lists]uint32
}

func newSlots[T any]() slots[T] {
	s := slots[T]{slab: newSlab[T]()}
	for i := range s.heads {
		s.heads[i] = none
	}
	return s
}

// place links a node into the slot of its deadline; overdue ones are due with the current tick.
func (s *slots[T]) place(i uint32, deadline int64) {
	tick := max(tickOf(deadline), s.cur)
	lvl := uint(bits.Len64(tick^s.cur|lvlMask)-1) / lvlBits
	slot := uint(tick>>(lvl*lvlBits&63)) & lvlMask
	s.inUse[lvl] |= 1 << slot
	s.push(i, uint32(lvl*lvlSlots+slot))
}

// push links a node as the first of a list.
func (s *slots[T]) push(i, list uint32) {
	next := s.heads[list]
	*s.link(i) = link{next: next, prev: isHead | list}
	if next != none {
		s.link(next).prev = i
	}
	s.heads[list] = i
}

// unlink takes a node out of its list. We do not leave stopped timers in their slots for a later sweep,
// because it was no faster for a thousand timers, took twice the time for a million, and held the lock for
// as long as it sweeps.
func (s *slots[T]) unlink(i uint32) {
	l := *s.link(i)
	if l.next != none {
		s.link(l.next).prev = l.prev
	}
	if l.prev&isHead == 0 {
		s.link(l.prev).next = l.next
		return
	}
	list := l.prev &^ isHead
	s.heads[list] = l.next
	if l.next == none {
		s.inUse[list>>lvlBits] &^= 1 << (list & lvlMask)
	}
}

// first gives the earliest slot in use and the tick it starts at. It is false when all are empty.
func (s *slots[T]) first() (list uint32, start uint64, ok bool) {
	for lvl := range uint(levels) {
		if used := s.inUse[lvl]; used != 0 {
			slot := bits.TrailingZeros64(used)
			shift := lvl * lvlBits
			start := s.cur&^(1<<(shift+lvlBits)-1) | uint64(slot)<<shift
			return uint32(lvl*lvlSlots) + uint32(slot), start, true
		}
	}
	return 0, 0, false
}

// detach turns a slot into the list moving, which is empty.
func (s *slots[T]) detach(list uint32) {
	i := s.heads[list]
	s.heads[list] = none
	s.inUse[list>>lvlBits] &^= 1 << (list & lvlMask)
	s.heads[moving] = i
	s.link(i).prev = isHead | moving
}
