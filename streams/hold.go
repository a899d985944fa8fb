package streams

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
)

// A run with a source that is acknowledged must know when a chunk is settled: when nothing made of it
// is on its way any more. Every chunk of such a source is a token, which the source holds while it
// hands the chunk on. Steps that do their work inside that call need do nothing. One that keeps items
// beyond it holds, along with them, what was held when they came, and hands them on under that:
//
//  1. holder.now is what those above hold for the chunk in hand. It is of one goroutine: a step that
//     runs those above in another gives them a holder of their own.
//  2. A chunk that was refused with an error is never let go, and so never acknowledged in this run.
//     One that those below stopped at was taken, but for what they did not look at; see spoil.
//  3. Only what is before the oldest token still held can be acknowledged. So a step that gathers
//     many chunks holds just the oldest of them.

// token is a chunk of a source that is acknowledged.
type token struct {
	hold   hold // of this token alone
	one    [1]*token
	ledger *ledger
	number uint64
	held   atomic.Int32 // how often
	let    bool         // nobody holds it; guarded by the ledger's mu
}

// hold is tokens that are held together, at most one of a ledger; nil for none.
type hold struct{ tokens []*token }

// keep holds them once more, and gives h.
func (h *hold) keep() *hold {
	if h != nil {
		for _, t := range h.tokens {
			t.held.Add(1)
		}
	}
	return h
}

// drop lets them go once.
func (h *hold) drop() {
	if h == nil {
		return
	}
	for _, t := range h.tokens {
		if t.held.Add(-1) == 0 {
			t.ledger.settle(t)
		}
	}
}

// older is the older of the tokens that a and b have of each ledger.
func older(a, b *hold) *hold {
	switch {
	case a == nil || a == b:
		return b
	case b == nil:
		return a
	case len(a.tokens) == 1 && len(b.tokens) == 1 && a.tokens[0].ledger == b.tokens[0].ledger:
		if b.tokens[0].number < a.tokens[0].number {
			return b
		}
		return a
	}
	all := slices.Clone(a.tokens)
	for _, t := range b.tokens {
		i := slices.IndexFunc(all, func(o *token) bool { return o.ledger == t.ledger })
		switch {
		case i < 0:
			all = append(all, t)
		case t.number < all[i].number:
			all[i] = t
		}
	}
	switch {
	case slices.Equal(all, a.tokens):
		return a
	case slices.Equal(all, b.tokens):
		return b
	}
	return &hold{tokens: all}
}

// gather holds, in place of h, the older of h and other.
func (h *hold) gather(other *hold) *hold {
	both := older(h, other)
	if both != h {
		both.keep()
		h.drop()
	}
	return both
}

// holder is what is held for the chunk that a goroutine has in hand.
type holder struct{ now *hold }

// keep holds it for a step that keeps items of the chunk.
func (h *holder) keep() *hold {
	if h == nil {
		return nil
	}
	return h.now.keep()
}

// spoil keeps the chunk in hand from being acknowledged: those below have stopped at a part of it.
func (h *holder) spoil() { h.keep() }

// under hands a chunk on while those below see that h is held, and lets h go when they took it.
func under[T any](to *holder, h *hold, chunk []T, emit func([]T) error) error {
	before := to.now
	to.now = h
	err := emit(chunk)
	to.now = before
	if taken(err) {
		h.drop()
	}
	return err
}

// taken says whether emit took the chunk: who stops has done so.
func taken(err error) bool { return err == nil || errors.Is(err, errStop) }

// parcel is a chunk on its way to another goroutine, and what is held for it.
type parcel[T any] struct {
	items []T
	held  *hold
}

// ledger keeps the tokens of a source, in order, from the first that is not settled on.
type ledger struct {
	settled func(n int) // told of the next n tokens that are; the caller holds mu

	mu   sync.Mutex
	open []*token
	next uint64
}

// add gives the token of the next chunk, held once. The caller holds mu.
func (l *ledger) add() *hold {
	t := &token{ledger: l, number: l.next}
	t.one[0] = t
	t.hold.tokens = t.one[:]
	t.held.Store(1)
	l.next++
	l.open = append(l.open, t)
	return &t.hold
}

// settle takes off the tokens up to the first that is still held.
func (l *ledger) settle(t *token) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.let = true
	n := 0
	for n < len(l.open) && l.open[n].let {
		l.open[n] = nil
		n++
	}
	if n > 0 {
		l.open = l.open[n:]
		l.settled(n)
	}
}

// holds is what is held for the items of a queue: a run of items with one hold each. It costs nothing
// until something is held.
type holds struct {
	spans []span
	loose int // items before the first span
}

// span is n items in a row with one hold.
type span struct {
	held *hold
	n    int
}

// some says whether anything is held.
func (q *holds) some() bool { return len(q.spans) > 0 }

// push says that an item came to a queue of n, and holds h for it.
func (q *holds) push(h *hold, n int) {
	if len(q.spans) == 0 {
		if h == nil {
			return
		}
		q.loose = n
	} else if last := &q.spans[len(q.spans)-1]; last.held == h {
		last.n++
		return
	}
	q.spans = append(q.spans, span{held: h.keep(), n: 1})
}

// pop says that the first item went, and gathers what was held for it into to.
func (q *holds) pop(to *hold) *hold {
	if len(q.spans) == 0 {
		return to
	}
	if q.loose > 0 {
		q.loose--
		return to
	}
	first := &q.spans[0]
	to = to.gather(first.held)
	if first.n--; first.n == 0 {
		first.held.drop()
		first.held = nil
		q.spans = q.spans[1:]
	}
	return to
}
