package spill

import (
	"context"
	"fmt"
	"slices"

	"github.com/goflow-go/goflow/core"
)

// Ack says that the record with the number seq, and all before it, are done with: they do not come
// again. It costs next to nothing but for one call in each segment, which saves the cursor and removes
// the segment. Otherwise the cursor is saved within [Config.SyncEvery]; until then a crash lets the
// records come again. Acknowledging a record twice does no harm; one that was not popped is an error
// that matches core.ErrInvalid. When the error is a [*DiskError] the records are acknowledged, and
// what failed is tried again.
func (q *Queue) Ack(ctx context.Context, seq uint64) error {
	n, idle, err := q.settle(seq)
	if err != nil {
		return err
	}
	q.counts.acked.Add(int64(n))
	if n > 0 {
		q.soon()
	}
	if idle {
		return q.collect(ctx)
	}
	return nil
}

// Commit saves the cursor now: what was acknowledged does not come again, whatever crashes.
func (q *Queue) Commit(ctx context.Context) error {
	q.mu.Lock()
	closed := q.closed
	q.mu.Unlock()
	if closed {
		return q.errClosed()
	}
	return q.saveCursor(ctx)
}

// settle takes records for done. It reports how many, and whether that left a segment without any.
func (q *Queue) settle(seq uint64) (n int, idle bool, err error) {
	r := &q.reader
	r.mu.Lock()
	defer r.mu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return 0, false, q.errClosed()
	case seq > r.top && seq > q.cursor.Load():
		return 0, false, fmt.Errorf("spill: %q: record %d was not popped, the last was %d: %w", q.name, seq, r.top, core.ErrInvalid)
	case seq <= q.cursor.Load():
		return 0, false, nil
	}
	for len(r.spans) > 0 && r.spans[0].first <= seq {
		p := &r.spans[0]
		done := int(min(p.last, seq) - p.first + 1)
		n += done
		p.seg.live -= done
		q.live -= done
		if p.seg.live == 0 {
			idle = idle || p.seg.closed
			q.room.fire() // who waits for room closes the segment
		}
		p.first += uint64(done)
		if p.first > p.last {
			r.spans = slices.Delete(r.spans, 0, 1) // there are few: one for each segment and gap
		}
	}
	q.cursor.Store(seq)
	return n, idle, nil
}
