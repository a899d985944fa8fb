package spill

import (
	"context"
	"slices"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

const (
	keepSpare   = 1 << 20 // a larger buffer is not kept
	reserveStep = 1 << 20 // how much room is made ahead of synced writes
)

// flush writes what has gathered, syncs it if that is what callers wait for, and tells them. The
// caller holds token.
func (q *Queue) flush(ctx context.Context) error {
	q.mu.Lock()
	chunks, r := q.pending, q.round
	if len(chunks) == 0 {
		q.mu.Unlock()
		return q.doubt
	}
	q.pending, q.waiting, q.round, q.crowd = nil, 0, newRound(), r.callers
	q.busy = true
	q.mu.Unlock()
	for i := range chunks {
		var broken bool
		if broken, r.err = q.writeChunk(ctx, &chunks[i]); r.err != nil {
			q.takeBack(chunks[i:])
			if broken {
				q.abandon(ctx)
			}
			break
		}
	}
	q.disk(ctx, r.err)
	q.mu.Lock()
	q.busy = false
	if b := chunks[len(chunks)-1].buf; r.err == nil && cap(b) <= keepSpare {
		q.spare = b[:0]
	}
	q.mu.Unlock()
	close(r.done)
	return r.err
}

// writeChunk writes to a segment. What fails halfway is taken back; the segment is broken when it
// could not be, or when the sync failed: the kernel may then hold for written what is not.
func (q *Queue) writeChunk(ctx context.Context, c *chunk) (broken bool, err error) {
	s := c.seg
	if err := q.turnTo(ctx, s); err != nil {
		return false, err
	}
	end := s.written + int64(len(c.buf))
	if q.cfg.Sync == SyncAlways && end > s.reserved {
		s.reserved = end + reserveStep
		s.file.Reserve(s.written, s.reserved-s.written)
	}
	if _, err := s.file.WriteAt(c.buf, s.written); err != nil {
		s.reserved = 0
		return s.file.Truncate(s.written) != nil, q.errDisk("write", s.name, err)
	}
	if !q.unsync {
		q.unsync = true
		q.soon()
	}
	if q.cfg.Sync == SyncAlways {
		if err := q.sync(ctx); err != nil {
			return true, err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	s.written = end
	q.version++
	q.ready.fire()
	return false, nil
}

// turnTo makes s the segment that is written. The caller holds token.
func (q *Queue) turnTo(ctx context.Context, s *segment) error {
	if q.writing == s {
		return nil
	}
	if err := q.seal(ctx); err != nil {
		return err
	}
	f, err := q.dir.Create(s.name)
	if err != nil {
		return q.errDisk("create", s.name, err)
	}
	s.file, q.writing, q.entries = f, s, true
	return nil
}

// sync makes what was written last. The caller holds token.
func (q *Queue) sync(ctx context.Context) error {
	s, start := q.writing, clock.Now()
	err := s.file.Sync()
	if err == nil && q.entries {
		if err = q.dir.Sync(); err == nil {
			q.entries = false
		}
	}
	if err != nil {
		err = q.errDisk("sync", s.name, err)
		q.counts.syncErrors.Add(1)
	}
	q.unsync = false // a second try would succeed, and prove nothing
	q.inst.syncs.Record(ctx, time.Duration(clock.Now()-start), err)
	return err
}

// seal closes the segment that was written. The caller holds token; the segment is full. It fails when
// what was accepted is not safe.
func (q *Queue) seal(ctx context.Context) error {
	if q.writing != nil && q.unsync && q.cfg.Sync != SyncNever {
		q.syncOrRescue(ctx)
	}
	if s := q.writing; s != nil {
		q.closeFile(s)
	}
	q.closeWritten()
	return q.doubt
}

// closeWritten takes for closed what is full, written, and has no open file, or never had one.
func (q *Queue) closeWritten() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range q.segs {
		if !s.closed && s.file == nil && s.whole() {
			s.closed = true
		}
	}
}

// closeFile ends the writing of a segment.
func (q *Queue) closeFile(s *segment) {
	if s.reserved > s.written {
		_ = s.file.Truncate(s.written) // zeros at the end do no harm
	}
	_ = s.file.Close()
	s.file, q.writing, q.unsync = nil, nil, false
}

// takeBack undoes the gathering of chunks that could not be written, about which callers that wait
// are told. Where none wait, the chunks are kept for the next try.
func (q *Queue) takeBack(chunks []chunk) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.cfg.Sync == SyncNever {
		for _, c := range chunks {
			q.waiting += len(c.buf)
		}
		q.pending = append(chunks, q.pending...)
		return
	}
	for _, c := range chunks {
		size := int64(len(c.buf))
		c.seg.size -= size
		c.seg.total -= c.count
		c.seg.live -= c.count
		q.bytes -= size
		q.live -= c.count
	}
	q.room.fire()
}

// abandon ends the writing of a segment in which something is wrong from s.written on. The caller holds
// token.
func (q *Queue) abandon(ctx context.Context) {
	if q.unsync && q.cfg.Sync == SyncInterval {
		q.syncOrRescue(ctx)
	}
	if s := q.writing; s != nil {
		q.retire(s)
	}
}

// retire closes a segment for good, and removes it when there is nothing in it. The caller holds token.
func (q *Queue) retire(s *segment) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.end(s)
	_ = s.file.Truncate(s.written)
	q.closeFile(s)
	s.closed = true
	if s.written == 0 && q.dir.Remove(s.name) == nil {
		q.segs = slices.DeleteFunc(q.segs, func(t *segment) bool { return t == s })
	}
}

// end lets nothing more be written to a segment, and moves what was to be written there to the one
// after it. The caller holds mu.
func (q *Queue) end(s *segment) {
	s.full = true
	if q.active == s {
		q.active = nil
	}
	for i := range q.pending {
		if c := &q.pending[i]; c.seg == s {
			q.move(c, q.after(s))
		}
	}
}

// after gives the segment behind s, a new one when there is none.
func (q *Queue) after(s *segment) *segment {
	for _, t := range q.segs {
		if t.id > s.id {
			return t
		}
	}
	return q.rotate()
}

// move makes a chunk that of another segment, which may become a little larger than others.
func (q *Queue) move(c *chunk, to *segment) {
	resalt(c.buf, to.salt)
	h, _ := parseHeader(c.buf, to.salt)
	size := int64(len(c.buf))
	c.seg.size -= size
	c.seg.total -= c.count
	c.seg.live -= c.count
	to.size += size
	to.total += c.count
	to.live += c.count
	if to.first == 0 || h.seq < to.first {
		to.first = h.seq
	}
	to.last = max(to.last, h.seq+uint64(c.count)-1)
	to.ages.marks = append([]mark{{h.seq, h.at}}, to.ages.marks...)
	c.seg = to
}

// disk tells when the disk begins or ceases to fail. The caller holds token.
func (q *Queue) disk(ctx context.Context, err error) {
	if failing := err != nil; failing != q.failing.Load() {
		q.failing.Store(failing)
		q.inst.disk(ctx, err)
	}
}
