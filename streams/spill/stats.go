package spill

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Stats is what a queue has counted since it was opened, and how it stands. Counters are read one
// after the other while others go on counting, so they may be a few records apart.
type Stats struct {
	Pushed   int64 // records stored
	Popped   int64 // records taken
	Acked    int64 // records acknowledged
	Rejected int64 // records there was no room for
	Failed   int64 // records that were not stored for another reason: the disk, the caller's context
	Dropped  int64 // records that DropOldest freed without their having been acknowledged
	Lost     int64 // records found missing or damaged, those found when the queue was opened included

	DamagedBytes int64 // bytes passed over that were no records
	SyncErrors   int64 // syncs that failed

	Records   int           // records that are not acknowledged now
	Bytes     int64         // the size of all segments now, buffered records included
	MaxBytes  int64         // what it may be
	Segments  int           // segments there are now
	OldestAge time.Duration // how long ago the oldest record that is not acknowledged was pushed
}

// counts are a queue's counters.
type counts struct {
	pushed, popped, acked, rejected, failed, dropped, lost, damage, syncErrors atomic.Int64
}

// refused counts records that were not stored.
func (c *counts) refused(err error, n int) {
	if errors.Is(err, core.ErrRejected) {
		c.rejected.Add(int64(n))
	} else {
		c.failed.Add(int64(n))
	}
}

// Stats reads the counters and the state.
func (q *Queue) Stats() Stats {
	s := Stats{
		Pushed:       q.counts.pushed.Load(),
		Popped:       q.counts.popped.Load(),
		Acked:        q.counts.acked.Load(),
		Rejected:     q.counts.rejected.Load(),
		Failed:       q.counts.failed.Load(),
		Dropped:      q.counts.dropped.Load(),
		Lost:         q.counts.lost.Load(),
		DamagedBytes: q.counts.damage.Load(),
		SyncErrors:   q.counts.syncErrors.Load(),
		MaxBytes:     q.cfg.MaxBytes,
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	s.Records, s.Bytes, s.Segments, s.OldestAge = q.live, q.bytes, len(q.segs), q.oldestAge()
	return s
}

// Len is how many records are not acknowledged: what would come again if the queue were opened anew.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.live
}

// Bytes is the size of all segments, buffered records included.
func (q *Queue) Bytes() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// OldestAge is how long ago the oldest record was pushed that is not acknowledged, to a tenth of a
// second or [Config.SyncEvery]; 0 when there is none.
func (q *Queue) OldestAge() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.oldestAge()
}

// oldestAge is OldestAge for who holds mu.
func (q *Queue) oldestAge() time.Duration {
	next := q.cursor.Load() + 1
	for _, s := range q.segs {
		if s.live == 0 {
			continue
		}
		if at, known := s.ages.of(max(next, s.first)); known {
			return max(time.Since(time.Unix(0, at)), 0)
		}
	}
	return 0
}
