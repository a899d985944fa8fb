package spill

import (
	"context"
	"errors"
	"fmt"
)

// Close writes and syncs what has gathered, saves the cursor, and unlocks the directory. Callers that
// wait get an error that matches core.ErrClosed. When the disk fails the queue is closed all the same,
// and the error says how many accepted records were not written, which only [SyncNever] allows, or that
// those of a segment could not be synced. When
// ctx ends before that, it is not closed, takes nothing any more, and Close may be called again. It is
// idempotent.
func (q *Queue) Close(ctx context.Context) error {
	q.ending.Lock()
	defer q.ending.Unlock()
	if q.ended {
		return nil
	}
	q.refuse()
	select { // before the token, which the goroutine may be waiting for
	case <-q.stopped:
	case <-ctx.Done():
		return q.errGaveUp("close", context.Cause(ctx))
	}
	if err := q.hold(ctx); err != nil {
		return err
	}
	defer q.release()
	q.ended = true
	err := q.closeAll(ctx)
	q.inst.stop()
	return errors.Join(err, q.dir.Close())
}

// refuse lets no one in any more, and sends away who waits.
func (q *Queue) refuse() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.closed = true
	q.ready.fire()
	q.room.fire()
	close(q.stop)
}

// closeAll writes all there is. The caller holds token.
func (q *Queue) closeAll(ctx context.Context) error {
	q.rescue(ctx)
	err := q.flush(ctx)
	q.mu.Lock()
	lost := 0
	for _, c := range q.pending {
		lost += c.count
	}
	q.pending, q.waiting = nil, 0
	q.fillUp()
	q.mu.Unlock()
	if lost > 0 {
		q.counts.lost.Add(int64(lost))
		err = fmt.Errorf("spill: %q: closed with %d records not written: %w", q.name, lost, err)
	}
	if sealErr := q.seal(ctx); err == nil {
		err = sealErr
	}
	if q.spoilt != nil {
		_ = q.spoilt.file.Close()
	}
	q.reader.mu.Lock()
	q.reader.leave(q.reader.seg)
	q.reader.mu.Unlock()
	return errors.Join(err, q.saveCursor(ctx), q.collect(ctx))
}
