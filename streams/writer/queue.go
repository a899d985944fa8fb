package writer

import "errors"

// Queue keeps what is in no buffer, under [Spill]: on disk, such as streams/spill, or elsewhere. It is declared here so
// that any queue can be adapted; it must be safe for concurrent use. The writer is the only one to read from
// it. What it holds when the writer is made is written first.
type Queue interface {
	// Push appends the first n of records, each a write, and keeps none of the slices. An error says why n is not
	// all of them.
	Push(records [][]byte) (n int, err error)
	// Peek gives up to n of the oldest records, at least one unless the queue is empty. They are valid until the
	// next Discard.
	Peek(n int) ([][]byte, error)
	// Discard removes the n oldest records: they were written, or lost.
	Discard(n int) error
	// Len is how many records there are.
	Len() int
}

// peekMost is how many records are read from the queue at once.
const peekMost = 1024

var errNoRecords = errors.New("the queue gives none of the records it has")

// inherit takes over what the queue holds already.
func (w *Writer) inherit() {
	if w.queue == nil {
		return
	}
	w.inherited = int64(w.queue.Len())
	w.spilled.Writes, w.sealed.Writes = w.inherited, w.inherited
	signal(w.wake)
}

// spill moves the sealed pieces from the ith on into the queue. The caller holds mu. What the queue does not take
// is dropped.
func (w *Writer) spill(i int) {
	for _, b := range w.full[i:] {
		b.await()
		if rest, err := w.push(b); rest != (Amount{}) {
			w.drop(rest, err)
		}
		w.release(b)
	}
	clear(w.full[i:])
	w.full = w.full[:i]
	w.resolve()
	signal(w.wake)
}

// spillSlot moves into the queue what must be for a slot to become free: the newest that is sealed, and what came
// after. It returns false when there is none. The caller holds mu.
//
// From then on, until the queue is empty, what is sealed goes there at once, behind what is there, and its slot is free
// again. So a slot is open or free whenever the queue holds anything, and no older piece is ever pushed behind it.
func (w *Writer) spillSlot() bool {
	for i := len(w.full) - 1; i >= 0; i-- {
		if w.full[i].kind == ofRing {
			w.spill(i)
			return true
		}
	}
	return false
}

// push puts what is not written of a piece into the queue, and gives what the queue did not take. The caller
// holds mu.
func (w *Writer) push(b *piece) (rest Amount, err error) {
	list := b.records(nil)
	n, err := w.queue.Push(list)
	n = min(max(n, 0), len(list))
	if w.spilled.Writes == 0 && n > 0 {
		w.firstSpill = b.start + int64(b.next)
	}
	bytes := 0
	for _, record := range list[:n] {
		bytes += len(record)
	}
	w.spilled = w.spilled.plus(b.advance(bytes))
	return b.rest(), err
}

// unspill reads a piece from the queue.
func (w *Writer) unspill() (*piece, error) {
	records, err := w.queue.Peek(w.skip + peekMost)
	if err == nil && len(records) <= w.skip {
		err = errNoRecords
	}
	if err != nil {
		return nil, err
	}
	b := &piece{kind: ofQueue, data: w.scratch[:0]}
	for _, record := range records[w.skip:] {
		if len(b.data) > 0 && len(b.data)+len(record) > w.cfg.BufferBytes {
			break
		}
		b.data = append(b.data, record...)
		b.ends = append(b.ends, uint32(len(b.data)))
	}
	if cap(b.data) <= 2*w.cfg.BufferBytes {
		w.scratch = b.data
	}
	return b, nil
}

// discard removes from the queue what has been written, or lost, of a piece. What the queue does not let go is
// left out when it is read again.
func (w *Writer) discard(b *piece) error {
	if b.kind != ofQueue || b.next == b.gone {
		return nil
	}
	w.skip += b.next - b.gone
	b.gone = b.next
	if err := w.queue.Discard(w.skip); err != nil {
		return err
	}
	w.skip = 0
	return nil
}
