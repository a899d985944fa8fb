package spill

import (
	"context"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// With [SyncInterval] records are accepted before they are synced. When that sync fails, the kernel may
// hold for written what is not; another would succeed and prove nothing. So the segment is spoilt: nothing
// more is written to it. It is read back, which still works, and a synced copy takes its place. Until that
// has succeeded nothing is accepted.

// syncOrRescue makes what was written last, one way or the other. When it cannot, q.doubt says why. The
// caller holds token.
func (q *Queue) syncOrRescue(ctx context.Context) {
	s := q.writing
	q.doubt = q.sync(ctx)
	q.disk(ctx, q.doubt)
	if q.doubt == nil {
		return
	}
	q.mu.Lock()
	q.end(s)
	q.mu.Unlock()
	q.writing, q.spoilt = nil, s
	q.rescue(ctx)
}

// rescue puts a synced copy in the place of the spoilt segment, if there is one. The caller holds token.
func (q *Queue) rescue(ctx context.Context) {
	s := q.spoilt
	if s == nil {
		return
	}
	start := clock.Now()
	err := replace(q.dir, s.name, true, func(to file) error { return copySegment(to, s.file, s.written) })
	q.inst.syncs.Record(ctx, time.Duration(clock.Now()-start), err)
	if err != nil {
		q.doubt = q.errDisk("rescue", s.name, err)
		q.disk(ctx, q.doubt)
		return
	}
	q.reopen(s)
	_ = s.file.Close()
	q.spoilt, q.doubt, s.file = nil, nil, nil
	q.closeWritten()
	q.disk(ctx, nil)
}

// copySegment copies the first size bytes of a file. Where they cannot be read, there is damage in the copy.
func copySegment(to, from file, size int64) error {
	scan := scanner{src: from, limit: size}
	for {
		n := int(min(readSize, size-scan.offset()))
		if more, err := scan.need(n); err != nil {
			return err
		} else if !more {
			n = len(scan.buf) - scan.pos // someone has cut the file
		}
		if n == 0 {
			return nil
		}
		if _, err := to.WriteAt(scan.buf[scan.pos:scan.pos+n], scan.offset()); err != nil {
			return err
		}
		scan.pos += n
	}
}

// reopen lets the reader, if it is reading s, go on in the file that has taken the place of the one before.
// That one may have been forgotten by the kernel in part. When it fails, the reader stays with that.
func (q *Queue) reopen(s *segment) {
	r := &q.reader
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seg != s || r.file == nil {
		return
	}
	f, err := q.dir.Open(s.name)
	if err != nil {
		return
	}
	_ = r.file.Close()
	r.file, r.scan.src = f, f
}
