package spill

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// Record is what was pushed.
type Record struct {
	Seq  uint64    // its number, higher than that of all before; not all numbers are in use
	Time time.Time // when it was pushed, to SyncEvery
	Data []byte
}

// Batch is what [Queue.PopBatch] fills. The zero Batch is ready to use, by one goroutine at a time.
type Batch struct {
	Records []Record // valid until the batch is filled again
	buf     []byte
}

// Last is the number of the last record, 0 when there is none: what to acknowledge.
func (b *Batch) Last() uint64 {
	if len(b.Records) == 0 {
		return 0
	}
	return b.Records[len(b.Records)-1].Seq
}

// readRetries is how many calls fail for what the disk cannot read before it is passed over.
const readRetries = 2

// enoughBytes is when a batch is full, however few records it has.
const enoughBytes = 1 << 20

// reader is who reads segments. Its mu guards it; who also needs Queue.mu takes that after.
type reader struct {
	mu        sync.Mutex
	seg       *segment // being read, or nil
	file      file
	name      string // of the last segment that was being read
	scan      scanner
	seen      uint64 // the queue's version when its segments were looked at last
	delivered int    // records of seg
	spans     []span // what was delivered and not acknowledged, in order
	top       uint64 // the highest number delivered
}

// span is a run of records of a segment.
type span struct {
	seg         *segment
	first, last uint64 // without gaps
}

// loss is what could not be read of a segment.
type loss struct {
	file    string
	records int
	bytes   int64
}

// Pop takes the next record, waiting for one until ctx ends; when there is one it is taken whatever
// became of ctx. The record is the caller's. The error is a [*DiskError], or matches core.ErrClosed or
// ctx's. Of what the disk cannot read, two calls fail; with the third it is passed over as damage is. See
// [Queue.PopBatch], which copies several times as many in the same time.
func (q *Queue) Pop(ctx context.Context) (Record, error) {
	var b Batch
	if err := q.PopBatch(ctx, &b, 1); err != nil {
		return Record{}, err
	}
	return b.Records[0], nil
}

// PopBatch fills b with the next records: with those that are there, max of them or about 1 MiB at
// most, but with one at least, for which it waits as Pop does.
func (q *Queue) PopBatch(ctx context.Context, b *Batch, limit int) error {
	if !q.inst.scope.Traced(ctx) {
		return q.popSome(ctx, b, limit)
	}
	start := clock.Now()
	err := q.popSome(ctx, b, limit)
	q.inst.trace(ctx, spanPop, start, len(b.Records), err)
	return err
}

func (q *Queue) popSome(ctx context.Context, b *Batch, limit int) error {
	b.Records, b.buf = b.Records[:0], b.buf[:0]
	for {
		if err := q.take(ctx, b, max(limit, 1)); err != nil || len(b.Records) > 0 {
			q.counts.popped.Add(int64(len(b.Records)))
			return err
		}
		if err := q.awaitReady(ctx); err != nil {
			return err
		}
	}
}

// awaitReady waits until there may be more to read.
func (q *Queue) awaitReady(ctx context.Context) error {
	q.reader.mu.Lock()
	seen := q.reader.seen
	q.reader.mu.Unlock()
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return q.errClosed()
	}
	if q.cfg.Sync == SyncNever && (q.waiting > 0 || q.busy) {
		q.mu.Unlock()
		return q.write(context.WithoutCancel(ctx)) // there is a record, though another may be writing it
	}
	if q.version != seen {
		q.mu.Unlock()
		return nil
	}
	ready := q.ready.wait()
	q.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return q.errGaveUp("pop", context.Cause(ctx))
	}
}

// take fills b with what can be read.
func (q *Queue) take(ctx context.Context, b *Batch, limit int) error {
	q.reader.mu.Lock()
	lost, err := q.fill(b, limit)
	q.reader.mu.Unlock()
	for _, l := range lost {
		q.lose(ctx, l)
	}
	if len(b.Records) > 0 {
		return nil // a failure comes again with the next call
	}
	return err
}

// fill is take under the reader's lock.
func (q *Queue) fill(b *Batch, limit int) (lost []loss, err error) {
	r := &q.reader
	for len(b.Records) < limit && len(b.buf) < enoughBytes {
		if r.seg != nil {
			h, payload, ok, err := r.scan.next()
			if err != nil {
				return lost, q.errDisk("read", r.seg.name, err)
			}
			if ok {
				if h.seq > q.cursor.Load() {
					r.deliver(b, h, payload)
				}
				continue
			}
		}
		more, err := q.advance(&lost)
		if !more || err != nil {
			return lost, err
		}
	}
	return lost, nil
}

// deliver hands a record out.
func (r *reader) deliver(b *Batch, h header, payload []byte) {
	at := len(b.buf)
	b.buf = append(b.buf, payload...)
	b.Records = append(b.Records, Record{Seq: h.seq, Time: time.Unix(0, h.at), Data: b.buf[at:len(b.buf):len(b.buf)]})
	r.delivered++
	r.top = h.seq
	if n := len(r.spans); n > 0 && r.spans[n-1].seg == r.seg && r.spans[n-1].last+1 == h.seq {
		r.spans[n-1].last = h.seq
		return
	}
	r.spans = append(r.spans, span{seg: r.seg, first: h.seq, last: h.seq})
}

// advance reports whether there is more to read: further on in the segment, or in the next one, to
// which it goes. The caller holds reader.mu.
func (q *Queue) advance(lost *[]loss) (more bool, err error) {
	r := &q.reader
	q.mu.Lock()
	defer q.mu.Unlock()
	r.seen = q.version
	if q.closed {
		return false, nil
	}
	if r.seg != nil {
		if r.scan.limit < r.seg.written {
			r.scan.limit = r.seg.written
			return true, nil
		}
		if !r.seg.whole() {
			return false, nil
		}
		q.finish(lost)
	}
	for _, s := range q.segs {
		if s.name <= r.name {
			continue
		}
		if s.written == 0 && !s.whole() {
			return false, nil
		}
		return true, q.begin(s, lost)
	}
	return false, nil
}

// begin goes to a segment. One whose file someone removed is lost. The caller holds both locks.
func (q *Queue) begin(s *segment, lost *[]loss) error {
	r := &q.reader
	var f file
	if s.written > 0 {
		var err error
		if f, err = q.dir.Open(s.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return q.errDisk("open", s.name, err)
		}
	}
	r.seg, r.file, r.name, r.delivered = s, f, s.name, 0
	if f == nil {
		q.finish(lost)
		return nil
	}
	r.scan.reset(f, s.salt, s.written)
	return nil
}

// finish leaves a segment that was read to its end. What should have been in it, and was not
// delivered, is lost. The caller holds both locks.
func (q *Queue) finish(lost *[]loss) {
	r := &q.reader
	s := r.seg
	missing := s.total - r.delivered
	s.unreadable = s.unreadable || r.scan.unread > 0
	if missing > 0 || r.scan.skipped > 0 && !s.damaged {
		*lost = append(*lost, loss{file: s.name, records: missing, bytes: r.scan.skipped})
		s.damaged = true
		s.total -= missing
		s.live -= missing
		q.live -= missing
		q.soon()
	}
	r.leave(s)
}

// leave ends the reading of a segment.
func (r *reader) leave(s *segment) {
	if r.seg != s || s == nil {
		return
	}
	if r.file != nil {
		_ = r.file.Close()
	}
	r.seg, r.file, r.delivered = nil, nil, 0
}

// lose counts and tells what was lost.
func (q *Queue) lose(ctx context.Context, l loss) {
	q.counts.lost.Add(int64(l.records))
	q.counts.damage.Add(l.bytes)
	q.inst.damaged(ctx, l.file, int64(l.records), l.bytes)
}
