package spill

import (
	"context"
	"slices"
	"time"
)

// makeRoom does what Overflow says about a record for which there is none. When it returns nil it is
// worth trying again.
func (q *Queue) makeRoom(ctx context.Context, full *FullError) error {
	if err := q.measure(full); err != nil {
		return err
	}
	if made, err := q.reclaim(ctx, full.Need); made || err != nil {
		return err
	}
	switch q.cfg.Overflow {
	case Reject:
		return full
	case DropOldest:
		if dropped, err := q.dropOldest(ctx); dropped || err != nil || full.MinFree == 0 {
			return err
		}
		return full // others fill the disk
	case Block:
	}
	return q.awaitRoom(ctx, full.Need)
}

// awaitRoom waits until there may be room.
func (q *Queue) awaitRoom(ctx context.Context, need int64) error {
	q.mu.Lock()
	if q.fits(need) || q.closed || len(q.segs) > 0 && q.segs[0].live == 0 {
		q.mu.Unlock()
		return nil
	}
	room := q.room.wait()
	if q.scarce(need) {
		q.low = true
		q.soon()
	}
	q.mu.Unlock()
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return q.errGaveUp("push: there is no room", context.Cause(ctx))
	}
}

// fits reports whether there is room, as far as is known. The caller holds mu.
func (q *Queue) fits(need int64) bool { return q.bytes+need <= q.cfg.MaxBytes && !q.scarce(need) }

// scarce reports whether it has to be looked how much of the disk is free. The caller holds mu.
func (q *Queue) scarce(need int64) bool { return q.cfg.MinFree > 0 && q.budget < need }

// errFull is about a record that does not fit. The caller holds mu.
func (q *Queue) errFull(need int64) error {
	err := &FullError{Queue: q.name, Bytes: q.bytes, Max: q.cfg.MaxBytes, Need: need}
	if q.bytes+need <= q.cfg.MaxBytes {
		err.MinFree = q.cfg.MinFree
	}
	return err
}

// measureStep is how many bytes are gathered before it is looked again how much of the disk is free.
const measureStep = 1 << 20

// measure looks how much of the disk is free, when that is what there is too little of.
func (q *Queue) measure(full *FullError) error {
	if full.MinFree == 0 {
		return nil
	}
	free, err := q.dir.Free()
	if err != nil {
		return q.errDisk("measure", "", err)
	}
	full.Free = free
	q.mu.Lock()
	q.budget = min(free-full.MinFree-int64(q.waiting), max(measureStep, full.Need))
	q.mu.Unlock()
	return nil
}

// recheck lets those who wait for the disk look again.
func (q *Queue) recheck() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.low {
		q.low = false
		q.room.fire()
	}
}

// reclaim removes segments of which all records are acknowledged, and reports whether that made room.
func (q *Queue) reclaim(ctx context.Context, need int64) (made bool, err error) {
	q.mu.Lock()
	idle := len(q.segs) > 0 && q.segs[0].live == 0
	made = q.fits(need) || q.closed
	q.mu.Unlock()
	if made || !idle {
		return made, nil
	}
	if err := q.sealFull(ctx, false); err != nil {
		return false, err
	}
	if err := q.collect(ctx); err != nil {
		return false, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.fits(need), nil
}

// sealFull writes what has gathered, and closes what is full. The oldest segment is full when all its
// records are acknowledged, and when it is to be dropped.
func (q *Queue) sealFull(ctx context.Context, drop bool) error {
	if err := q.hold(ctx); err != nil {
		return err
	}
	defer q.release()
	if err := q.flush(ctx); err != nil {
		return err
	}
	q.mu.Lock()
	if s := q.active; s != nil && s == q.segs[0] && s.written == s.size && (drop || s.live == 0) {
		q.fillUp()
	}
	full := q.writing == nil || q.writing.full
	q.mu.Unlock()
	if full {
		return q.seal(ctx)
	}
	q.closeWritten()
	return nil
}

// fillUp lets nothing be added to the active segment. The caller holds mu.
func (q *Queue) fillUp() {
	if q.active != nil {
		q.active.full = true
		q.active = nil
	}
}

// dropOldest frees the oldest segment, if there is one.
func (q *Queue) dropOldest(ctx context.Context) (dropped bool, err error) {
	if err := q.sealFull(ctx, true); err != nil {
		return false, err
	}
	q.free.Lock()
	d, s := q.forget()
	if s == nil {
		q.free.Unlock()
		return false, nil
	}
	err = q.remove(s)
	q.free.Unlock()
	q.counts.dropped.Add(int64(d.Records))
	if err == nil && q.onDrop != nil && d.Records > 0 {
		q.onDrop(d)
	}
	return true, err
}

// forget takes the oldest segment's records for gone, those that were popped included.
func (q *Queue) forget() (d Dropped, s *segment) {
	r := &q.reader
	r.mu.Lock()
	defer r.mu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.segs) == 0 || !q.segs[0].closed {
		return d, nil
	}
	s = q.segs[0]
	d = Dropped{Queue: q.name, Records: s.live, Bytes: s.size, First: s.first, Last: s.last}
	if at, known := s.ages.of(s.first); known {
		d.Oldest = time.Unix(0, at)
	}
	q.live -= s.live
	s.live = 0
	r.leave(s)
	r.spans = slices.DeleteFunc(r.spans, func(p span) bool { return p.seg == s })
	return d, s
}
