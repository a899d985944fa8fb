package spill_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync/atomic"
	"syscall"
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

// setRoom sets how many bytes a disk has room for.
func (d *disk) setRoom(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = n
}

func TestDiskWithTooLittleFreeIsAFullQueue(t *testing.T) {
	t.Parallel()
	for _, overflow := range []spill.Overflow{spill.Block, spill.Reject, spill.DropOldest} {
		t.Run(overflow.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDisk()
				d.setRoom(6000)
				q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", SegmentBytes: 1000, MaxBytes: 1 << 20, MinFree: 2000, Overflow: overflow}, d)
				if err != nil {
					t.Fatal(err)
				}
				rec := make([]byte, 500-spill.HeaderSize)
				for range 8 {
					if err := q.Push(t.Context(), rec); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				switch err := q.Push(ctx, rec); overflow {
				case spill.Block:
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
					}
				case spill.Reject:
					if want := `spill: "uploads" is full: 2000 bytes of the disk free, 2000 must stay so, 500 needed`; err == nil || err.Error() != want {
						t.Errorf("got %v, want %q", err, want)
					}
				case spill.DropOldest:
					if s := q.Stats(); err != nil || s.Dropped != 2 || s.Bytes != 3500 {
						t.Errorf("got %v and %+v, want the two oldest dropped", err, s)
					}
				}
				stored := make(chan error)
				go func() { stored <- q.Push(t.Context(), rec) }() // waits, where it does, for others to free space
				synctest.Wait()
				d.setRoom(20_000)
				if err := <-stored; err != nil && overflow != spill.Reject {
					t.Errorf("got %v, want room again", err)
				}
				if err := q.Push(t.Context(), rec); err != nil {
					t.Errorf("got %v, want room again", err)
				}
				closeQueue(t, q)
			})
		})
	}
}

func TestAcknowledgementsFreeADiskThatIsLow(t *testing.T) {
	t.Parallel()
	d := newDisk()
	d.setRoom(6000)
	q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", SegmentBytes: 1000, MaxBytes: 1 << 20, MinFree: 2000}, d)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for i := range 100 {
			if err := q.Push(t.Context(), numberedOf(i)[:400]); err != nil {
				t.Error(err)
			}
		}
	}()
	for i := range 100 {
		rec, err := q.Pop(t.Context())
		if err == nil {
			err = q.Ack(t.Context(), rec.Seq)
		}
		if err != nil || string(rec.Data) != string(numberedOf(i)[:400]) {
			t.Fatalf("got %.8q, %v, want record %d", rec.Data, err, i)
		}
		if free, _ := d.Free(); free < 2000-40 { // the cursor is not counted
			t.Errorf("got %d bytes free, want 2000", free)
		}
	}
	closeQueue(t, q)
}

func TestDiskThatOthersFilledRejectsWhenThereIsNothingToDrop(t *testing.T) {
	t.Parallel()
	d := newDisk()
	d.setRoom(1000)
	q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", MinFree: 2000, Overflow: spill.DropOldest}, d)
	if err != nil {
		t.Fatal(err)
	}
	var full *spill.FullError
	if err := q.Push(t.Context(), []byte("one")); !errors.As(err, &full) || full.Free != 1000 || full.MinFree != 2000 {
		t.Errorf("got %v, want a full error", err)
	}
	d.mu.Lock()
	d.fail = func(string, string) error { return syscall.EACCES }
	d.mu.Unlock()
	if err := q.Push(t.Context(), []byte("one")); !errors.Is(err, syscall.EACCES) {
		t.Errorf("got %v, want %v", err, syscall.EACCES)
	}
	d.mu.Lock()
	d.fail = nil
	d.mu.Unlock()
	closeQueue(t, q)
}

func TestFreeBytesAreThoseOfTheFileSystem(t *testing.T) {
	t.Parallel()
	q := openQueue(t, spill.Config{MinFree: math.MaxInt64, Overflow: spill.Reject})
	var full *spill.FullError
	if err := q.Push(t.Context(), []byte("one")); runtime.GOOS == "linux" && (!errors.As(err, &full) || full.Free <= 0) {
		t.Errorf("got %v, want how much is free", err)
	}
	q = openQueue(t, spill.Config{MinFree: 1, Overflow: spill.Reject})
	push(t, q, "one")
}
