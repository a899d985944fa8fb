package spill_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/spill"
)

func TestFullQueueBlocksUntilRecordsAreAcknowledged(t *testing.T) {
	t.Parallel()
	for _, sync := range []spill.Sync{spill.SyncInterval, spill.SyncNever, spill.SyncAlways} {
		synctest.Test(t, func(t *testing.T) {
			q := openQueue(t, spill.Config{SegmentBytes: 300, MaxBytes: 600, Sync: sync})
			const n = 100
			go func() {
				for i := range uint64(n) {
					if err := q.Push(t.Context(), numbered(i)[:8]); err != nil {
						t.Error(err)
					}
				}
			}()
			for range n {
				rec, err := q.Pop(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if q.Bytes() > 600 {
					t.Errorf("got %d bytes, want at most 600", q.Bytes())
				}
				if err := q.Ack(t.Context(), rec.Seq); err != nil {
					t.Fatal(err)
				}
			}
			closeQueue(t, q)
		})
	}
}

func TestFullQueueRejects(t *testing.T) {
	t.Parallel()
	q := openQueue(t, spill.Config{SegmentBytes: 128, MaxBytes: 256, Overflow: spill.Reject})
	recs := [][]byte{make([]byte, 80), make([]byte, 80), make([]byte, 80)}
	n, err := q.PushBatch(t.Context(), recs)
	var full *spill.FullError
	if n != 2 || !errors.As(err, &full) || !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeQueueFull {
		t.Fatalf("got %d, %v, want 2 and a full error", n, err)
	}
	if want := `spill: "uploads" is full: 224 of 256 bytes used, 112 needed`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if s := q.Stats(); s.Pushed != 2 || s.Rejected != 1 {
		t.Errorf("got %+v, want 2 pushed and 1 rejected", s)
	}
	first, err := q.Pop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(q.Ack(t.Context(), first.Seq), q.Push(t.Context(), recs[2])); err != nil {
		t.Errorf("got %v, want room after an acknowledgement", err)
	}
}

func TestFullQueueDropsTheOldestSegmentAndTells(t *testing.T) {
	t.Parallel()
	for _, sync := range []spill.Sync{spill.SyncInterval, spill.SyncNever} {
		var told atomic.Int64
		hook := func(d spill.Dropped) {
			told.Add(int64(d.Records))
			if d.Queue != "uploads" || d.First == 0 || d.Last < d.First || time.Since(d.Oldest) > time.Minute {
				t.Errorf("got %+v", d)
			}
		}
		q := openQueue(t, spill.Config{SegmentBytes: 128, MaxBytes: 512, Overflow: spill.DropOldest, Sync: sync}, spill.WithDropHook(hook))
		const n = 100
		for i := range uint64(n) {
			push(t, q, string(numbered(i)[:8]))
			if i == 50 {
				if _, err := q.Pop(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		s := q.Stats()
		if s.Dropped != told.Load() || int(s.Dropped) != n-s.Records || s.Bytes > 512 || s.Records == 0 {
			t.Errorf("got %+v and %d told, want all but the last dropped", s, told.Load())
		}
		for i := uint64(n - s.Records); i < n; i++ {
			pop(t, q, string(numbered(i)[:8]))
		}
	}
}
