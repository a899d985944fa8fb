package spill_test

import (
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/spill"
)

// failSyncs lets syncs of files fail, or not.
func (d *disk) failSyncs(fail bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = func(op, _ string) error {
		if fail && op == "sync" {
			return syscall.EIO
		}
		return nil
	}
}

// failOneSync lets the next sync of a file fail.
func (d *disk) failOneSync() {
	d.mu.Lock()
	defer d.mu.Unlock()
	failed := false
	d.fail = func(op, _ string) error {
		if op != "sync" || failed {
			return nil
		}
		failed = true
		return syscall.EIO
	}
}

func TestRecordsOfAFailedSyncSurviveAPowerCut(t *testing.T) {
	t.Parallel()
	for name, used := range map[string]struct{ popped, acked int }{
		"none is popped":              {0, 0},
		"synced ones are popped":      {2, 1},
		"some are popped":             {4, 0},
		"some are acknowledged":       {5, 4},
		"all are popped":              {6, 3},
		"all are acknowledged":        {6, 6},
		"all but one are popped, too": {5, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDisk()
				q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused"}, d)
				if err != nil {
					t.Fatal(err)
				}
				all := []string{"one", "two", "three", "four", "five", "six"}
				push(t, q, all[:3]...)
				<-time.After(time.Second)
				synctest.Wait()
				push(t, q, all[3:]...)
				for i := range used.popped {
					if seq := pop(t, q, all[i]); i+1 == used.acked {
						if err := q.Ack(t.Context(), seq); err != nil {
							t.Fatal(err)
						}
					}
				}
				d.failOneSync()
				<-time.After(time.Second)
				synctest.Wait()
				if s := q.Stats(); s.SyncErrors != 1 || s.Records != len(all)-used.acked || s.Lost+s.DamagedBytes != 0 {
					t.Errorf("got %+v, want %d records and an error", s, len(all)-used.acked)
				}
				after := d.cutPower(rand.New(rand.NewPCG(1, 1)))
				push(t, q, "seven")
				last := pop(t, q, append(all[used.popped:], "seven")...)
				if err := q.Ack(t.Context(), last); err != nil {
					t.Fatal(err)
				}
				if s := q.Stats(); s.Records != 0 || s.Segments > 1 || s.Lost+s.DamagedBytes != 0 {
					t.Errorf("got %+v, want all segments freed but the last", s)
				}
				closeQueue(t, q)
				if q, err = spill.OpenOn("uploads", spill.Config{Dir: "unused"}, after); err != nil {
					t.Fatal(err)
				}
				pop(t, q, all[used.acked:]...)
				closeQueue(t, q)
			})
		})
	}
}

func TestNothingIsAcceptedWhileRecordsCannotBeSynced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", SegmentBytes: 256, MaxBytes: 512, Overflow: spill.DropOldest}, d)
		if err != nil {
			t.Fatal(err)
		}
		push(t, q, "one", "two")
		d.failSyncs(true)
		<-time.After(time.Second)
		synctest.Wait()
		var failed *spill.DiskError
		for _, long := range []int{1, 200, 1, 200} { // those of 200 fit no more
			if err := q.Push(t.Context(), make([]byte, long)); !errors.As(err, &failed) || failed.Op != "rescue" ||
				!errors.Is(err, syscall.EIO) || core.ErrorType(err) != core.TypeUnavailable {
				t.Fatalf("got %v, want that of the rescue", err)
			}
		}
		pop(t, q, "one")
		<-time.After(10 * time.Second)
		d.failSyncs(false)
		<-time.After(time.Second)
		synctest.Wait()
		push(t, q, "three")
		pop(t, q, "two", "three")
		if s := q.Stats(); s.Failed != 4 || s.Lost+s.DamagedBytes+s.Dropped != 0 || s.Records != 3 {
			t.Errorf("got %+v, want 3 records and 4 failed", s)
		}
		closeQueue(t, q)
		names, _ := d.List()
		if len(names) != 2 {
			t.Errorf("got %q, want no more than a segment of each sync", names)
		}
	})
}

func TestCloseTellsWhatCannotBeSynced(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"from the first sync on", "from the end of a segment on", "only then"} {
		d := newDisk()
		q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", SegmentBytes: 128, MaxBytes: 1 << 20, SyncEvery: time.Hour}, d)
		if err != nil {
			t.Fatal(err)
		}
		push(t, q, "one", "two")
		if fault == "only then" {
			d.failOneSync()
		} else {
			d.failSyncs(true)
		}
		if fault == "from the end of a segment on" {
			if err := q.Push(t.Context(), make([]byte, 90)); !errors.Is(err, syscall.EIO) {
				t.Errorf("got %v, want %v", err, syscall.EIO)
			}
		}
		if err := q.Close(t.Context()); errors.Is(err, syscall.EIO) == (fault == "only then") {
			t.Errorf("%s: got %v from Close", fault, err)
		}
		d.failSyncs(false)
		if q, err = spill.OpenOn("uploads", spill.Config{Dir: "unused"}, d); err != nil {
			t.Fatal(err)
		}
		pop(t, q, "one", "two")
		if s := q.Stats(); s.Lost+s.DamagedBytes != 0 {
			t.Errorf("%s: got %+v, want no damage", fault, s)
		}
		closeQueue(t, q)
	}
}

func TestFailedSyncsLeaveNoEmptyFiles(t *testing.T) {
	t.Parallel()
	d := newDisk()
	q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", Sync: spill.SyncAlways}, d)
	if err != nil {
		t.Fatal(err)
	}
	push(t, q, "one")
	d.failSyncs(true)
	for range 10 {
		if err := q.Push(t.Context(), []byte("two")); !errors.Is(err, syscall.EIO) {
			t.Errorf("got %v, want %v", err, syscall.EIO)
		}
	}
	d.failSyncs(false)
	push(t, q, "three")
	pop(t, q, "one", "three")
	if s := q.Stats(); s.Segments != 2 || s.SyncErrors != 10 || s.Failed != 10 {
		t.Errorf("got %+v, want 2 segments", s)
	}
	closeQueue(t, q)
}
