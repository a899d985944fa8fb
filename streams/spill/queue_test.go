package spill_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/spill"
)

func TestRecordsComeInOrderAndAgainUntilAcknowledged(t *testing.T) {
	t.Parallel()
	for _, sync := range []spill.Sync{spill.SyncInterval, spill.SyncNever, spill.SyncAlways} {
		t.Run(sync.String(), func(t *testing.T) {
			t.Parallel()
			cfg := spill.Config{Dir: t.TempDir(), Sync: sync, SegmentBytes: 128, MaxBytes: 1 << 20}
			q := openQueue(t, cfg)
			push(t, q, "one", "", "three", "four", "five")
			last := pop(t, q, "one", "")
			pop(t, q, "three")
			if err := q.Ack(t.Context(), last); err != nil {
				t.Fatal(err)
			}
			if q.Len() != 3 {
				t.Errorf("got %d records, want 3", q.Len())
			}
			closeQueue(t, q)
			q = openQueue(t, cfg)
			push(t, q, "six")
			pop(t, q, "three", "four", "five")
			if err := q.Ack(t.Context(), pop(t, q, "six")); err != nil {
				t.Fatal(err)
			}
			if s := q.Stats(); s.Records != 0 || s.Segments > 1 || s.Acked != 4 || s.OldestAge != 0 {
				t.Errorf("got %+v, want nothing left", s)
			}
		})
	}
}

func TestEmptyQueueIsOpenedWithoutAFile(t *testing.T) {
	t.Parallel()
	cfg := spill.Config{Dir: filepath.Join(t.TempDir(), "deep", "down")}
	for range 3 {
		q := openQueue(t, cfg)
		if s := q.Stats(); s.Segments != 0 || s.Bytes != 0 || q.OldestAge() != 0 {
			t.Errorf("got %+v, want nothing", s)
		}
		closeQueue(t, q)
	}
	if names, _ := filepath.Glob(filepath.Join(cfg.Dir, "*.seg")); len(names) > 0 {
		t.Errorf("got %q, want none", names)
	}
	info, err := os.Stat(cfg.Dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v, want mode 0700", info.Mode(), err)
	}
}

func TestPopWaitsForARecord(t *testing.T) {
	t.Parallel()
	for _, sync := range []spill.Sync{spill.SyncInterval, spill.SyncNever} {
		synctest.Test(t, func(t *testing.T) {
			q := openQueue(t, spill.Config{Sync: sync})
			got := make(chan string)
			go func() {
				rec, err := q.Pop(t.Context())
				got <- string(rec.Data) + errorText(err)
			}()
			synctest.Wait()
			push(t, q, "one")
			if g := <-got; g != "one" {
				t.Errorf("got %q, want one", g)
			}
			closeQueue(t, q)
		})
	}
}

// TestPopTakesWhatIsBeingWrittenWhateverBecameOfItsContext pops while the queue's own goroutine writes: an error
// would say that there is no record.
func TestPopTakesWhatIsBeingWrittenWhateverBecameOfItsContext(t *testing.T) {
	t.Parallel()
	for name, behind := range map[string][]string{"alone": nil, "with another behind it": {"two"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDisk()
				q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", Sync: spill.SyncNever, SyncEvery: time.Second}, d)
				if err != nil {
					t.Fatal(err)
				}
				d.fail = func(op, _ string) error {
					if op == "write" {
						<-time.After(time.Second)
					}
					return nil
				}
				push(t, q, "one")
				<-time.After(1500 * time.Millisecond)
				push(t, q, behind...)
				pop(t, q, append([]string{"one"}, behind...)...)
				closeQueue(t, q)
			})
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestWaitingEndsWithTheContextAndWithTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openQueue(t, spill.Config{SegmentBytes: 128, MaxBytes: 256})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := q.Pop(ctx); !errors.Is(err, context.DeadlineExceeded) || core.ErrorType(err) != core.TypeTimeout {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
		rec := make([]byte, 90)
		for range 2 {
			if err := q.Push(t.Context(), rec); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Push(ctx, rec); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
		errs := make(chan error)
		go func() { errs <- q.Push(t.Context(), rec) }()
		synctest.Wait()
		closeQueue(t, q)
		if err := <-errs; !errors.Is(err, core.ErrClosed) {
			t.Errorf("got %v, want %v", err, core.ErrClosed)
		}
		for what, err := range map[string]error{
			"push":   q.Push(t.Context(), rec),
			"ack":    q.Ack(t.Context(), 1),
			"commit": q.Commit(t.Context()),
			"pop":    q.PopBatch(t.Context(), &spill.Batch{}, 1),
		} {
			if !errors.Is(err, core.ErrClosed) {
				t.Errorf("%s: got %v, want %v", what, err, core.ErrClosed)
			}
		}
	})
}

func TestOldestAgeIsThatOfTheOldestRecordNotAcknowledged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openQueue(t, spill.Config{})
		for range 3 {
			push(t, q, "x")
			<-time.After(time.Minute)
		}
		for want := 3 * time.Minute; want > 0; want -= time.Minute {
			if got := q.OldestAge(); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
			if err := q.Ack(t.Context(), pop(t, q, "x")); err != nil {
				t.Fatal(err)
			}
		}
		if got := q.OldestAge(); got != 0 {
			t.Errorf("got %v, want 0", got)
		}
		closeQueue(t, q)
	})
}
