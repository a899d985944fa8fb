package limit

import (
	"container/heap"
	"context"
)

// WithPriority gives those who wait under the returned context a priority, 0 without it: higher ones
// are served first. It is looked at only by a caller that has to wait for a [Concurrency] or [Adaptive]
// limit.
//
// A waiter with a priority of p counts as having come p times the config's PriorityStep earlier (later
// when p is negative). So no one starves: those who come after that lead has passed do not overtake. A
// priority is kept within -100 and 100.
func WithPriority(ctx context.Context, p int) context.Context {
	return context.WithValue(ctx, priorityKey{}, max(-maxPriority, min(p, maxPriority)))
}

const maxPriority = 100

type priorityKey struct{}

func priorityOf(ctx context.Context) int {
	p, _ := ctx.Value(priorityKey{}).(int)
	return p
}

// rank is a place in line.
type rank struct {
	at     int64  // when it counts as having come
	number uint64 // decides between those of the same time
}

func (r rank) before(o rank) bool { return r.at < o.at || r.at == o.at && r.number < o.number }

// waiter is one in line.
type waiter struct {
	rank    rank
	n       uint64
	index   int           // in the queue; -1 out of it. Guarded by the lock of the slots
	tooMany bool          // it was sent away; written before out is closed
	out     chan struct{} // closed when it was served or sent away
}

// queue is the waiters as a heap, the next one first.
type queue []*waiter

var _ heap.Interface = (*queue)(nil)

// Len is part of heap.Interface.
func (q queue) Len() int { return len(q) }

// Less is part of heap.Interface.
func (q queue) Less(i, j int) bool { return q[i].rank.before(q[j].rank) }

// Swap is part of heap.Interface.
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push is part of heap.Interface.
func (q *queue) Push(x any) {
	w := x.(*waiter)
	w.index = len(*q)
	*q = append(*q, w)
}

// Pop is part of heap.Interface.
func (q *queue) Pop() any {
	last := len(*q) - 1
	w := (*q)[last]
	w.index = -1
	(*q)[last] = nil
	*q = (*q)[:last]
	return w
}

// sendAway takes out who waits for more than limit.
func (q *queue) sendAway(limit uint64) {
	kept := (*q)[:0]
	for _, w := range *q {
		if w.n <= limit {
			w.index = len(kept)
			kept = append(kept, w)
			continue
		}
		w.index, w.tooMany = -1, true
		close(w.out)
	}
	clear((*q)[len(kept):])
	*q = kept
	heap.Init(q)
}
