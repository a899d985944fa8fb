package streams

import (
	"context"
	"strconv"
	"sync"

	"github.com/goflow-go/goflow/internal/clock"
)

// Overflow is what a [Stream.Buffer] does with an item when it is full.
type Overflow uint8

const (
	// Block makes those above wait: backpressure.
	Block Overflow = iota
	// DropNewest drops the item that came.
	DropNewest
	// DropOldest drops the item that waited longest: the buffer slides along.
	DropOldest
	// Latest drops all that wait: after a pause, those below see the newest first.
	Latest
	// Fail ends the run with a [*FullError], after the items that wait.
	Fail
)

// String gives the strategy's name.
func (o Overflow) String() string {
	names := [...]string{"block", "drop_newest", "drop_oldest", "latest", "fail"}
	if int(o) < len(names) {
		return names[o]
	}
	return "overflow(" + strconv.Itoa(int(o)) + ")"
}

// Buffer lets those above run ahead of those below by n items, and says what happens when they are
// further ahead, the chunk in hand not counted: a slow reader's has one item. Items stay in order. Those dropped are counted, and shown to [Stream.OnDrop]. The
// steps above run in a goroutine of their own. Items that wait when those above end, in an error too,
// are handed on first.
func (s Stream[T]) Buffer(n int, overflow Overflow) Stream[T] {
	name := s.stage("buffer")
	from := s.require(n > 0, "n", n, "must be above 0")
	from = from.require(overflow <= Fail, "overflow", overflow, "must be one of the strategies")
	onDrop := from.next.onDrop
	from.next.onDrop = nil
	return from.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		b := newBuffer[T](r.stage(name), n, overflow)
		b.onDrop = onDrop
		up := r.apart()
		b.from = up.held
		above := r.background(ctx, func(ctx context.Context) error {
			defer b.close()
			return from.feed(ctx, up, func(in []T) error { return b.put(ctx, in) })
		})
		err := b.deliver(ctx, r, emit)
		halt(cancel, err)
		if read := <-above; err == nil {
			err = read
		}
		return err
	})
}

// buffer is a bounded queue between one goroutine that puts and one that takes. Each wakes the other
// through a channel with room for one token, so a wake-up is neither lost nor waited for.
type buffer[T any] struct {
	st       *stage
	overflow Overflow
	onDrop   func([]T)
	from     *holder // of the goroutine that puts
	lost     []T     // dropped for the chunk being put; of the same
	lostHeld *hold   // for them; of the same
	some     chan struct{}
	room     chan struct{}

	mu     sync.Mutex
	items  ring[T]
	holds  holds // for items
	closed bool
}

func newBuffer[T any](st *stage, n int, overflow Overflow) *buffer[T] {
	st.capacity.Store(int64(n))
	st.handsOver()
	return &buffer[T]{
		st: st, overflow: overflow, items: ring[T]{max: n},
		some: make(chan struct{}, 1), room: make(chan struct{}, 1),
	}
}

// wake leaves a token.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// put takes the items of a chunk, or drops, waits or fails as the strategy says.
func (b *buffer[T]) put(ctx context.Context, in []T) error {
	for {
		n := b.push(in)
		in = in[n:]
		wake(b.some)
		if err := b.dropped(); err != nil {
			return err
		}
		if len(in) == 0 {
			return nil
		}
		if b.overflow == Fail {
			return b.st.fail(&FullError{Capacity: b.items.max})
		}
		began := clock.Now()
		select {
		case <-b.room:
		case <-ctx.Done():
			return ended(ctx)
		}
		b.st.blocked.Add(clock.Now() - began)
	}
}

// push takes items up to one that must wait, and tells how many.
func (b *buffer[T]) push(in []T) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	held := b.from.now != nil || b.holds.some()
	for _, v := range in {
		if b.items.len == b.items.max && !b.make() {
			if b.overflow != DropNewest {
				break
			}
			b.lost = append(b.lost, v)
		} else {
			if held {
				b.holds.push(b.from.now, b.items.len)
			}
			b.items.push(v)
		}
		n++
	}
	b.st.depth.Store(int64(b.items.len))
	return n
}

// make makes room by dropping what waits, when the strategy says so. The caller holds mu.
func (b *buffer[T]) make() bool {
	n := 0
	switch b.overflow {
	case DropOldest:
		n = 1
	case Latest:
		n = b.items.len
	default:
		return false
	}
	for range n {
		b.lost = append(b.lost, b.items.pop())
	}
	if b.holds.some() {
		for range n {
			b.lostHeld = b.holds.pop(b.lostHeld)
		}
	}
	return true
}

// dropped counts what was lost of a chunk and shows it, outside the lock.
func (b *buffer[T]) dropped() (err error) {
	if len(b.lost) == 0 {
		return nil
	}
	b.st.dropped.Add(int64(len(b.lost)))
	if b.onDrop != nil {
		err = b.show()
	}
	clear(b.lost)
	b.lost = b.lost[:0]
	if err == nil {
		b.lostHeld.drop()
		b.lostHeld = nil
	}
	return err
}

func (b *buffer[T]) show() error {
	err := func() (err error) {
		defer caught(&err)
		b.onDrop(b.lost)
		return nil
	}()
	if err != nil {
		return b.st.fail(err)
	}
	return nil
}

// close says that nothing more comes.
func (b *buffer[T]) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	wake(b.some)
}

// deliver hands items on until nothing more comes.
func (b *buffer[T]) deliver(ctx context.Context, r *run, emit func([]T) error) error {
	var chunk []T
	var p pace
	p.begin()
	for {
		if err := ended(ctx); err != nil {
			return err
		}
		var held *hold
		var closed bool
		if chunk, held, closed = b.take(chunk[:0], min(p.size, r.read())); len(chunk) == 0 {
			if closed {
				return nil
			}
			began := b.st.waits(0)
			select {
			case <-b.some:
			case <-ctx.Done():
			}
			b.st.waited(began, &b.st.idle)
			continue
		}
		wake(b.room)
		b.st.emitted.Add(int64(len(chunk)))
		p.begun()
		if err := under(r.held, held, chunk, emit); err != nil {
			return err
		}
		p.adapt()
	}
}

// take appends up to limit items to chunk, and holds what was held for them.
func (b *buffer[T]) take(chunk []T, limit int) (got []T, held *hold, closed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	some := b.holds.some()
	for b.items.len > 0 && len(chunk) < limit {
		chunk = append(chunk, b.items.pop())
		if some {
			held = b.holds.pop(held)
		}
	}
	b.st.depth.Store(int64(b.items.len))
	return chunk, held, b.closed
}

// ring is a queue of at most max items, in memory that grows with what it holds.
type ring[T any] struct {
	max, len, head int
	slots          []T
}

func (q *ring[T]) push(v T) {
	if q.len == len(q.slots) {
		q.grow()
	}
	i := q.head + q.len
	if i >= len(q.slots) {
		i -= len(q.slots)
	}
	q.slots[i] = v
	q.len++
}

func (q *ring[T]) grow() {
	slots := make([]T, min(max(2*len(q.slots), 64), q.max))
	n := copy(slots, q.slots[q.head:])
	copy(slots[n:], q.slots[:q.head])
	q.slots, q.head = slots, 0
}

func (q *ring[T]) pop() T {
	var none T
	v := q.slots[q.head]
	q.slots[q.head] = none
	if q.head++; q.head == len(q.slots) {
		q.head = 0
	}
	q.len--
	return v
}
