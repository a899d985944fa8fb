package spill

import (
	"context"
	"errors"
	"time"
)

// tend is the queue's goroutine. It sleeps until something was left to do, and does it SyncEvery
// later.
func (q *Queue) tend(ctx context.Context) {
	defer close(q.stopped)
	for {
		select {
		case <-q.kick:
		case <-q.stop:
			return
		}
		timer := time.NewTimer(q.cfg.SyncEvery)
		select {
		case <-timer.C:
		case <-q.stop:
			timer.Stop()
			return
		}
		if err := q.settleAll(ctx); err != nil {
			q.soon()
		}
	}
}

// settleAll writes, syncs and saves what was left to be.
func (q *Queue) settleAll(ctx context.Context) error {
	if err := q.hold(ctx); err != nil {
		return err
	}
	q.rescue(ctx)
	err := q.flush(ctx)
	if q.unsync && q.cfg.Sync == SyncInterval {
		q.syncOrRescue(ctx)
		err = errors.Join(err, q.doubt)
	}
	q.release()
	q.recheck()
	return errors.Join(err, q.saveCursor(ctx), q.collect(ctx))
}
