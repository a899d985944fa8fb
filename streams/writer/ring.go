package writer

import (
	"runtime"
	"sync/atomic"
)

// The state is one word: which slot is open (12 bits), how many writes are in it (24), how many bytes (28). Who
// writes reserves a place by one compare-and-swap of it, copies, and then publishes by one addition to the slot's
// missing. When no slot is open, the bytes are none, in which nothing fits.
//
//  1. A slot is opened, and closed (sealed), by who holds mu. After it was sealed no reservation in it succeeds:
//     the state has changed. If the state should come to hold the same value again by the time a late
//     compare-and-swap looks at it, the reservation is good: all it means is in the word.
//  2. missing counts up with every copy that ended, and down by the number of writes when the slot is sealed. So it
//     is zero, after sealing, when the last copy has ended; who brings it there wakes the writing goroutine.
//  3. What was copied is read by others only after they have seen missing at zero.
//
// We do not let a writer add to the state first and look later, which would save it a retry under contention:
// what overshoots the end has to be undone, and by how much depends on how many do so.
const (
	offsetBits = 28
	countBits  = 24
	slotShift  = offsetBits + countBits

	offsetMask = 1<<offsetBits - 1
	countMask  = 1<<countBits - 1
	oneWrite   = 1 << offsetBits
	none       = offsetMask
)

func countOf(state uint64) uint64 { return state >> offsetBits & countMask }

// piece is what is written to the sink at once: a slot of the ring, a large write, or what was read from the queue.
type piece struct {
	index   uint64
	buffer  []byte        // of a slot, all of it
	borders []uint32      // of a slot: where each write ends
	missing *atomic.Int64 // of a slot: copies that have ended, less writes when it was sealed

	data  []byte   // what is to be written
	ends  []uint32 // where each write in data ends
	start int64    // how many writes were sealed before
	at    int      // bytes written
	next  int      // writes written
	gone  int      // writes discarded from the queue
	kind  kind
}

// kind is where a piece comes from, and so where it goes.
type kind uint8

const (
	ofRing kind = iota
	ofLarge
	ofQueue
)

// bytesPerWrite is how small writes may be on average before they are what fills a buffer. A border has 4 bytes, so
// borders take an eighth of a buffer.
const bytesPerWrite = 32

// block is how much is made ready for copies at once, in bytes: enough to be worth it, and soon done.
const block = 16 << 10

// allocate makes the ring and opens the first slot.
func (w *Writer) allocate() {
	w.size = uint64(w.cfg.BufferBytes)
	w.most = max(w.size/bytesPerWrite, 16)
	w.slots = make([]piece, w.cfg.Buffers)
	for i := range w.slots {
		b := &w.slots[i]
		b.index = uint64(i)
		b.missing = new(atomic.Int64)
		if i < len(w.missing) {
			b.missing = &w.missing[i]
		}
		b.buffer, b.borders = make([]byte, w.size), make([]uint32, w.most)
		w.free = append(w.free, b)
	}
	w.state.Store(none)
	w.open()
}

// put fills the place that a change of the state from s has reserved.
func (w *Writer) put(s uint64, p []byte) {
	b := &w.slots[s>>slotShift]
	off := s & offsetMask
	copy(b.buffer[off:], p)
	b.borders[countOf(s)] = uint32(off) + uint32(len(p))
	if off == 0 && w.cfg.FlushInterval > 0 {
		w.timer.Reset(w.cfg.FlushInterval)
	}
	if b.missing.Add(1) == 0 {
		signal(w.wake)
	}
	if end := off + uint64(len(p)); off == 0 || off/block != end/block {
		w.warm(end / block * block)
	}
}

// warm clears a block of the slot that is opened next, if there is one. The sink has read it last, maybe on another
// processor, and a copy into memory that another processor has waits for line after line of it before it can be
// published; clear takes a block at once. Each write that comes to another block does so for the same block of the
// next slot, unless mu is taken.
//
// A slot that is free is touched by who holds mu alone.
func (w *Writer) warm(from uint64) {
	if !w.mu.TryLock() {
		return
	}
	defer w.mu.Unlock()
	if len(w.free) > 0 {
		clear(w.free[0].buffer[from:min(from+block, w.size)])
	}
}

// reserve is the first half of Write. The caller holds mu.
func (w *Writer) reserve(n uint64) (s uint64, ok bool) {
	for {
		s = w.state.Load()
		if s&offsetMask+n > w.size || countOf(s) == w.most {
			return 0, false
		}
		if w.state.CompareAndSwap(s, s+n+oneWrite) {
			return s, true
		}
	}
}

// seal closes the open slot, if anything is in it. The caller holds mu.
func (w *Writer) seal() {
	if b := w.cut(); b != nil {
		w.enqueue(b)
	}
}

// cut takes the open slot, if anything is in it, so that no more is put there. The caller holds mu, and enqueues it.
func (w *Writer) cut() *piece {
	for {
		s := w.state.Load()
		if bytes := s & offsetMask; bytes == none || bytes == 0 {
			return nil
		}
		if w.state.CompareAndSwap(s, none) {
			b := &w.slots[s>>slotShift]
			b.data, b.ends = b.buffer[:s&offsetMask], b.borders[:countOf(s)]
			w.count(b)
			b.missing.Add(-int64(len(b.ends)))
			return b
		}
	}
}

// count gives a piece its place among all. The caller holds mu.
func (w *Writer) count(b *piece) {
	b.start, b.at, b.next = w.sealed.Writes, 0, 0
	w.sealed = w.sealed.plus(b.rest())
}

// enqueue puts a sealed piece behind the others. The caller holds mu.
func (w *Writer) enqueue(b *piece) {
	w.full = append(w.full, b)
	if w.spilled.Writes > 0 {
		w.spill(len(w.full) - 1) // what is in the queue comes first
		return
	}
	signal(w.wake)
}

// open opens a free slot, unless one is open. It returns false when none is. The caller holds mu.
func (w *Writer) open() bool {
	switch {
	case w.state.Load()&offsetMask != none:
		return true
	case len(w.free) == 0:
		return false
	}
	b := w.free[0]
	w.free = append(w.free[:0], w.free[1:]...)
	w.due = false
	w.state.Store(b.index << slotShift)
	return true
}

// release takes back what a piece has used. The caller holds mu.
func (w *Writer) release(b *piece) {
	switch b.kind {
	case ofRing:
		w.free = append(w.free, b)
		if !w.closing {
			w.open()
		}
	case ofLarge:
		w.large -= len(b.data)
	case ofQueue:
		return
	}
	w.room.Broadcast()
}

// copying says whether copies into a sealed piece have not ended.
func (b *piece) copying() bool { return b.missing != nil && b.missing.Load() != 0 }

// await waits until the copies into a sealed piece have ended. They need no lock for that, so the caller may
// hold mu.
func (b *piece) await() {
	for b.copying() {
		runtime.Gosched()
	}
}

// rest is what is not written yet.
func (b *piece) rest() Amount {
	return Amount{int64(len(b.ends) - b.next), int64(len(b.data) - b.at)}
}

// advance notes that the sink took n more bytes, and gives what that makes.
func (b *piece) advance(n int) Amount {
	before := b.rest()
	b.at += n
	if b.at == len(b.data) {
		b.next = len(b.ends)
	}
	for b.next < len(b.ends) && int(b.ends[b.next]) <= b.at {
		b.next++
	}
	return before.minus(b.rest())
}

// tear gives up the write that is written in part, if there is one, and gives what is lost by that.
func (b *piece) tear() Amount {
	begin := 0
	if b.next > 0 {
		begin = int(b.ends[b.next-1])
	}
	if b.at == begin || b.next == len(b.ends) {
		return Amount{}
	}
	before := b.rest()
	b.at = int(b.ends[b.next])
	b.next++
	return before.minus(b.rest())
}

// records are the writes not yet written, appended to list.
func (b *piece) records(list [][]byte) [][]byte {
	at := b.at
	for _, end := range b.ends[b.next:] {
		list = append(list, b.data[at:end])
		at = int(end)
	}
	return list
}

// signal wakes who waits for c, now or when it comes to wait.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
