package sched

// ring is a FIFO queue. It grows to the size it is needed in, and stays so.
type ring struct {
	buf  []item // as long as a power of two
	head uint32
	n    uint32
}

func (r *ring) push(it item) {
	if int(r.n) == len(r.buf) {
		r.grow(1)
	}
	r.buf[(r.head+r.n)&uint32(len(r.buf)-1)] = it
	r.n++
}

// pop takes the oldest. The ring must not be empty.
func (r *ring) pop() item {
	slot := &r.buf[r.head&uint32(len(r.buf)-1)]
	it := *slot
	*slot = item{}
	r.head++
	r.n--
	return it
}

// grow makes room for k more.
func (r *ring) grow(k uint32) {
	size := max(16, len(r.buf))
	for size < int(r.n+k) {
		size *= 2
	}
	bigger := ring{buf: make([]item, size)}
	r.give(&bigger, r.n)
	*r = bigger
}

// give moves the k oldest to another ring. There must be so many.
func (r *ring) give(to *ring, k uint32) {
	if int(to.n+k) > len(to.buf) {
		to.grow(k)
	}
	for k > 0 {
		from := r.buf[r.head&uint32(len(r.buf)-1):]
		from = from[:min(len(from), int(k))]
		n := uint32(copy(to.buf[(to.head+to.n)&uint32(len(to.buf)-1):], from))
		clear(from[:n])
		r.head, r.n = r.head+n, r.n-n
		to.n += n
		k -= n
	}
}
