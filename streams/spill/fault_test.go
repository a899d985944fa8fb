package spill_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/spill"
)

func TestFullDiskIsAnErrorUntilThereIsSpace(t *testing.T) {
	t.Parallel()
	for _, sync := range []spill.Sync{spill.SyncInterval, spill.SyncNever, spill.SyncAlways} {
		d := newDisk()
		d.room = 300 << 10
		q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", Sync: sync, SegmentBytes: 64 << 10, MaxBytes: 1 << 20}, d)
		if err != nil {
			t.Fatal(err)
		}
		var stored, refused int
		for i := range 1000 {
			began := time.Now()
			switch err := q.Push(t.Context(), make([]byte, 1000+i)); {
			case err == nil && refused == 0:
				stored++
			case err == nil:
				t.Fatalf("a push succeeded on a full disk after %d failed", refused)
			case !errors.Is(err, syscall.ENOSPC) || core.ErrorType(err) != core.TypeUnavailable || time.Since(began) > 5*time.Second:
				t.Fatalf("got %v after %v, want %v", err, time.Since(began), syscall.ENOSPC)
			default:
				refused++
			}
			if refused == 10 {
				break
			}
		}
		d.mu.Lock()
		d.room = 0
		d.mu.Unlock()
		if err := q.Push(t.Context(), []byte("last")); err != nil || refused != 10 {
			t.Fatalf("got %v after %d refused, want room again", err, refused)
		}
		closeQueue(t, q)
		q, err = spill.OpenOn("uploads", spill.Config{Dir: "unused"}, d)
		if err != nil {
			t.Fatal(err)
		}
		for i := range stored {
			pop(t, q, string(make([]byte, 1000+i)))
		}
		pop(t, q, "last")
		if s := q.Stats(); s.Lost+s.DamagedBytes != 0 {
			t.Errorf("%v: got %+v, want no damage", sync, s)
		}
		closeQueue(t, q)
	}
}

func TestFailedSyncStoresNothingAndEndsItsSegment(t *testing.T) {
	t.Parallel()
	d := newDisk()
	q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", Sync: spill.SyncAlways}, d)
	if err != nil {
		t.Fatal(err)
	}
	push(t, q, "one")
	broken := true
	d.mu.Lock()
	d.fail = func(op, _ string) error {
		if op == "sync" && broken {
			return syscall.EIO
		}
		return nil
	}
	d.mu.Unlock()
	if err := q.Push(t.Context(), []byte("two")); !errors.Is(err, syscall.EIO) {
		t.Fatalf("got %v, want %v", err, syscall.EIO)
	}
	d.mu.Lock()
	broken = false
	d.mu.Unlock()
	push(t, q, "three")
	pop(t, q, "one", "three")
	if s := q.Stats(); s.Segments != 2 || s.SyncErrors != 1 || s.Failed != 1 || s.Records != 2 {
		t.Errorf("got %+v, want a second segment", s)
	}
	closeQueue(t, q)
}

func TestCloseTellsHowManyRecordsWereNotWritten(t *testing.T) {
	t.Parallel()
	d := newDisk()
	q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", Sync: spill.SyncNever, SyncEvery: time.Hour}, d)
	if err != nil {
		t.Fatal(err)
	}
	push(t, q, "one", "two")
	d.mu.Lock()
	d.fail = func(string, string) error { return syscall.EROFS }
	d.mu.Unlock()
	err = q.Close(t.Context())
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "2 records not written") {
		t.Errorf("got %v, want 2 records not written", err)
	}
	if err := q.Close(t.Context()); err != nil {
		t.Errorf("got %v from the second Close", err)
	}
}

func TestWhatWasPushedLongAgoSurvivesAPowerCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", SyncEvery: time.Second}, d)
		if err != nil {
			t.Fatal(err)
		}
		push(t, q, "one", "two", "three")
		if err := q.Ack(t.Context(), pop(t, q, "one")); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
		synctest.Wait()
		after := d.cutPower(rand.New(rand.NewPCG(1, 1)))
		closeQueue(t, q)
		q, err = spill.OpenOn("uploads", spill.Config{Dir: "unused"}, after)
		if err != nil {
			t.Fatal(err)
		}
		pop(t, q, "two", "three")
		closeQueue(t, q)
	})
}

func TestOperatingSystemsErrorsOfReadingComeFromPop(t *testing.T) {
	t.Parallel()
	d := newDisk()
	q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused"}, d)
	if err != nil {
		t.Fatal(err)
	}
	push(t, q, "one")
	for _, op := range []string{"open", "read"} {
		d.mu.Lock()
		d.fail = func(o, _ string) error {
			if o == op {
				return syscall.EMFILE
			}
			return nil
		}
		d.mu.Unlock()
		if _, err := q.Pop(t.Context()); !errors.Is(err, syscall.EMFILE) {
			t.Errorf("%s: got %v, want %v", op, err, syscall.EMFILE)
		}
	}
	d.mu.Lock()
	d.fail = nil
	d.mu.Unlock()
	pop(t, q, "one")
	closeQueue(t, q)
}
