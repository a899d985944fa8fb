package writer

import "bytes"

// Outcome is what became of writes that were not written.
type Outcome uint8

const (
	// Rejected: Write returned an error.
	Rejected Outcome = iota
	// Dropped: they were accepted, and made room for newer ones.
	Dropped
	// Lost: they were accepted, and the sink did not take them.
	Lost
)

// String gives the outcome as telemetry spells it.
func (o Outcome) String() string { return [...]string{"rejected", "dropped", "lost"}[o] }

// Loss is what the hook is told; see [WithHook].
type Loss struct {
	Writer  string
	Outcome Outcome
	Amount
	Err error // why; nil for Dropped, but when the queue took them not
}

// slow is Write for what does not fit the open buffer.
func (w *Writer) slow(p []byte) (int, error) {
	w.mu.Lock()
	s, err := w.place(p)
	if err != nil {
		w.rejected = w.rejected.plus(Amount{1, int64(len(p))})
	}
	w.unlock()
	switch {
	case err != nil:
		w.tell(Loss{w.inst.name, Rejected, Amount{1, int64(len(p))}, err})
		return 0, err
	case len(p) > 0 && uint64(len(p)) <= w.size:
		w.put(s, p)
	}
	return len(p), nil
}

// place finds a place for p, or keeps it if it is large. The caller holds mu.
func (w *Writer) place(p []byte) (s uint64, err error) {
	switch n := uint64(len(p)); {
	case len(p) > w.cfg.MaxWrite:
		return 0, &TooLargeError{w.inst.name, len(p), w.cfg.MaxWrite}
	case n > w.size:
		return 0, w.placeLarge(p)
	case n > 0:
		return w.placeSmall(n)
	case w.closing:
		return 0, w.closed
	}
	return 0, nil
}

// placeSmall reserves n bytes, and makes room for them if it must.
func (w *Writer) placeSmall(n uint64) (uint64, error) {
	for !w.closing {
		if s, ok := w.reserve(n); ok {
			return s, nil
		}
		w.seal()
		if w.open() {
			continue
		}
		if err := w.makeRoom(); err != nil {
			return 0, err
		}
	}
	return 0, w.closed
}

// placeLarge keeps a copy of p, which is larger than a buffer.
func (w *Writer) placeLarge(p []byte) error {
	for !w.closing {
		if w.large+len(p) <= w.cfg.MaxWrite {
			w.keepLarge(bytes.Clone(p))
			return nil
		}
		if w.cfg.Overflow == Spill {
			w.spillLarge(p)
			return nil
		}
		if err := w.makeRoom(); err != nil {
			return err
		}
	}
	return w.closed
}

// keepLarge puts p behind all that was accepted. The caller holds mu.
func (w *Writer) keepLarge(p []byte) *piece {
	w.seal()
	w.open()
	b := &piece{kind: ofLarge, data: p, ends: []uint32{uint32(len(p))}}
	w.large += len(p)
	w.count(b)
	w.enqueue(b)
	return b
}

// spillLarge puts p into the queue. The caller holds mu.
func (w *Writer) spillLarge(p []byte) {
	b := w.keepLarge(p)
	if len(w.full) == 0 || w.full[len(w.full)-1] != b {
		return // there already
	}
	if !w.spillSlot() {
		w.spill(len(w.full) - 1)
	}
}

// makeRoom does as Overflow says when there is none. It returns nil when there may be some now.
func (w *Writer) makeRoom() error {
	switch w.cfg.Overflow {
	case Block:
		if w.failing == nil {
			w.room.Wait()
			return nil
		}
	case DropOldest:
		if w.dropOldest() {
			return nil
		}
	case Spill:
		if w.spillSlot() {
			return nil
		}
	case DropNewest:
	}
	return &FullError{w.inst.name, w.cfg.BufferBytes * w.cfg.Buffers, w.failing}
}

// dropOldest drops the oldest piece that is not being written. The caller holds mu.
func (w *Writer) dropOldest() bool {
	if len(w.full) == 0 {
		return false
	}
	b := w.full[0]
	w.full = append(w.full[:0], w.full[1:]...)
	b.await()
	w.drop(b.rest(), nil)
	w.release(b)
	w.resolve()
	return true
}

// drop counts accepted writes that made room. The caller holds mu.
func (w *Writer) drop(a Amount, err error) {
	w.dropped = w.dropped.plus(a)
	w.note(Loss{w.inst.name, Dropped, a, err})
}

// lose counts accepted writes the sink did not take. The caller holds mu.
func (w *Writer) lose(a Amount, err error) {
	if a == (Amount{}) {
		return
	}
	w.lost = w.lost.plus(a)
	w.cause, w.reason = err, err
	w.note(Loss{w.inst.name, Lost, a, err})
}

// note keeps a loss for the hook until mu is released by unlock.
func (w *Writer) note(l Loss) {
	if w.hook != nil {
		w.news = append(w.news, l)
	}
}

// unlock releases mu and tells the hook what happened meanwhile.
func (w *Writer) unlock() {
	news := w.news
	w.news = nil
	w.mu.Unlock()
	for _, l := range news {
		w.tell(l)
	}
}

// tell calls the hook, whose panic is no one's here.
func (w *Writer) tell(l Loss) {
	if w.hook == nil {
		return
	}
	defer func() { _ = recover() }()
	w.hook(l)
}
