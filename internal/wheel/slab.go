package wheel

import "fmt"

// A chunk is a whole number of pages when a payload is 16 bytes.
const (
	chunkBits = 10
	chunkLen  = 1 << chunkBits
	chunkMask = chunkLen - 1
)

const (
	none     = ^uint32(0) // no node
	isHead   = 1 << 31    // in link.prev: the rest is a list's number, not a node's
	maxNodes = isHead - 1
)

// node is a timer. seq is its number in the order of insertion, and 0 in a node that is free. It is
// never used twice, so it tells a timer from all others that had or will have the same node.
type node[T any] struct {
	v        T
	deadline int64
	seq      uint64
}

// link joins a node to a list. It lies apart from the node, because unlinking a node touches the links
// of two others: at 8 bytes each, more of them are in the cache, and the collector reads none.
type link struct{ next, prev uint32 }

type chunk[T any] struct {
	nodes [chunkLen]node[T]
	links [chunkLen]link
}

// slab holds the nodes of a shard. Free ones are taken again before new ones, the last freed first.
// Make it with newSlab.
type slab[T any] struct {
	chunks []*chunk[T]
	free   uint32
	fresh  uint32 // nodes from here on were never taken
	live   int
}

func newSlab[T any]() slab[T] { return slab[T]{free: none} }

func (s *slab[T]) node(i uint32) *node[T] { return &s.chunks[i>>chunkBits].nodes[i&chunkMask] }
func (s *slab[T]) link(i uint32) *link    { return &s.chunks[i>>chunkBits].links[i&chunkMask] }

// find gives node i if it is still that of timer seq, else nil.
func (s *slab[T]) find(i uint32, seq uint64) *node[T] {
	c := i >> chunkBits
	if int(c) >= len(s.chunks) {
		return nil // trimmed
	}
	if n := &s.chunks[c].nodes[i&chunkMask]; n.seq == seq {
		return n
	}
	return nil
}

// take gives a free node. Its link is undefined.
func (s *slab[T]) take() uint32 {
	s.live++
	if i := s.free; i != none {
		s.free = s.link(i).next
		return i
	}
	if int(s.fresh>>chunkBits) == len(s.chunks) {
		s.grow()
	}
	s.fresh++
	return s.fresh - 1
}

func (s *slab[T]) grow() {
	if s.fresh > maxNodes-chunkLen {
		panic(fmt.Sprintf("wheel: %d timers are pending in one shard", s.live-1))
	}
	s.chunks = append(s.chunks, new(chunk[T]))
}

// release frees node i, which is in no list.
func (s *slab[T]) release(i uint32) {
	n, l := s.node(i), s.link(i)
	*n = node[T]{}
	l.next, s.free = s.free, i
	if s.live--; s.live == 0 && len(s.chunks) > 1 {
		s.trim()
	}
}

// trim gives the memory of a burst back once no timer is left of it.
func (s *slab[T]) trim() {
	first := s.chunks[0]
	*s = newSlab[T]()
	s.chunks = append(s.chunks, first)
}
