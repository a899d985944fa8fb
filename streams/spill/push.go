package spill

import (
	"context"
	"runtime"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// bufferSize is how many bytes are gathered before they are written.
const bufferSize = 128 << 10

// chunk is what is yet to be written to a segment.
type chunk struct {
	seg   *segment
	buf   []byte
	count int
}

// round is one write of what has gathered, and who waits for it.
type round struct {
	done    chan struct{}
	callers int // guarded by Queue.mu
	err     error
}

func newRound() *round { return &round{done: make(chan struct{})} }

// Push puts a record at the end, and returns when it is as safe as [Config.Sync] says. It keeps
// nothing of rec. With [Block] it waits for room. The error is a [*RecordError], a [*FullError], a
// [*DiskError], or matches core.ErrClosed or ctx's; when ctx ended during the call, the record may have
// been stored.
func (q *Queue) Push(ctx context.Context, rec []byte) error {
	recs := [1][]byte{rec}
	_, err := q.PushBatch(ctx, recs[:])
	return err
}

// PushBatch is Push for several records, in one write and one sync as far as possible. It reports how
// many of them, from the first on, were stored; unless that is all, err says why.
func (q *Queue) PushBatch(ctx context.Context, recs [][]byte) (n int, err error) {
	if !q.inst.scope.Traced(ctx) {
		return q.pushAll(ctx, recs)
	}
	start := clock.Now()
	n, err = q.pushAll(ctx, recs)
	q.inst.trace(ctx, spanPush, start, n, err)
	return n, err
}

func (q *Queue) pushAll(ctx context.Context, recs [][]byte) (n int, err error) {
	for n < len(recs) && err == nil {
		if ctx.Err() != nil { // before, so that it is certain that the record was not stored
			err = q.errGaveUp("push", context.Cause(ctx))
			break
		}
		var k int
		k, err = q.push(ctx, recs[n:])
		n += k
	}
	q.counts.pushed.Add(int64(n))
	if err != nil {
		q.counts.refused(err, len(recs)-n)
	}
	return n, err
}

// push stores some of recs: one at least, unless it fails.
func (q *Queue) push(ctx context.Context, recs [][]byte) (n int, err error) {
	q.mu.Lock()
	if q.cfg.Sync == SyncNever && q.waiting >= bufferSize && !q.closed {
		q.mu.Unlock()
		return 0, q.write(ctx)
	}
	n, err = q.gather(recs)
	r := q.round
	if n > 0 {
		r.callers++
	}
	q.mu.Unlock()
	if n > 0 {
		if q.cfg.Sync == SyncNever {
			return n, nil
		}
		if err := q.await(ctx, r); err != nil {
			return 0, err
		}
		return n, nil
	}
	if full, ok := err.(*FullError); ok { //nolint:errorlint // gather made it
		return 0, q.makeRoom(ctx, full)
	}
	return 0, err
}

// gather takes as many records as there is room and buffer for. The caller holds mu.
func (q *Queue) gather(recs [][]byte) (n int, err error) {
	if q.closed {
		return 0, q.errClosed()
	}
	var kept bool
	for _, rec := range recs {
		if len(rec) > q.cfg.MaxRecordBytes {
			err = &RecordError{Queue: q.name, Bytes: len(rec), Max: q.cfg.MaxRecordBytes}
			break
		}
		need := int64(headerSize + len(rec))
		if !q.fits(need) {
			err = q.errFull(need)
			break
		}
		if n > 0 && q.waiting >= bufferSize {
			break
		}
		kept = q.add(rec, need) || kept
		n++
	}
	if n > 0 && q.cfg.Sync == SyncNever {
		q.version++
		q.ready.fire()
		if kept {
			q.soon()
		}
	}
	return n, err
}

// add gathers a record, and reports whether it is the first. The caller holds mu.
func (q *Queue) add(rec []byte, need int64) (first bool) {
	if len(q.pending) == 0 {
		q.now = time.Now().UnixNano() // one reading of the clock for a buffer: it is a tenth of a push
		first = true
	}
	s := q.active
	if s == nil || s.size > 0 && s.size+need > q.cfg.SegmentBytes {
		s = q.rotate()
	}
	if first || q.pending[len(q.pending)-1].seg != s {
		q.pending = append(q.pending, chunk{seg: s, buf: q.buffer()})
	}
	c := &q.pending[len(q.pending)-1]
	q.seq++
	c.buf = appendFrame(c.buf, s.salt, q.seq, q.now, rec)
	c.count++
	s.size += need
	s.add(q.seq, q.now)
	q.waiting += int(need)
	q.bytes += need
	q.budget -= need
	q.live++
	return first
}

// buffer gives an empty one. The caller holds mu.
func (q *Queue) buffer() []byte {
	b := q.spare
	q.spare = nil
	if b == nil && q.cfg.Sync == SyncNever {
		b = make([]byte, 0, bufferSize+bufferSize/4)
	}
	return b
}

// await waits until a round has been written. Whoever of those who wait gets the token writes for all.
func (q *Queue) await(ctx context.Context, r *round) error {
	for {
		select {
		case <-r.done:
			return r.err
		default:
		}
		select {
		case <-r.done:
		case q.token <- struct{}{}:
			q.letOthersJoin()
			_ = q.flush(ctx) // a round knows its own error
			q.release()
		case <-ctx.Done():
			q.soon() // it may be that no one else waits for it
			return q.errGaveUp("store", context.Cause(ctx))
		}
	}
}

// letOthersJoin lets the callers of the round before come back with their next record before a sync
// that they would have to wait for otherwise. The caller holds token.
func (q *Queue) letOthersJoin() {
	if q.cfg.Sync != SyncAlways {
		return
	}
	for range q.crowd {
		q.mu.Lock()
		all := q.round.callers >= q.crowd
		q.mu.Unlock()
		if all {
			return
		}
		runtime.Gosched()
	}
}

// write writes what has gathered.
func (q *Queue) write(ctx context.Context) error {
	if err := q.hold(ctx); err != nil {
		return err
	}
	defer q.release()
	return q.flush(ctx)
}

// hold takes the token.
func (q *Queue) hold(ctx context.Context) error {
	select {
	case q.token <- struct{}{}:
		return nil
	default:
	}
	select {
	case q.token <- struct{}{}:
		return nil
	case <-ctx.Done():
		return q.errGaveUp("write", context.Cause(ctx))
	}
}

func (q *Queue) release() { <-q.token }

// soon lets the queue's goroutine see to it that nothing stays undone for long.
func (q *Queue) soon() {
	select {
	case q.kick <- struct{}{}:
	default:
	}
}
