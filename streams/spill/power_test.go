package spill_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/streams/spill"
)

func TestPowerCutLosesNoRecordThatWasStored(t *testing.T) {
	t.Parallel()
	for seed := range uint64(runs(t, "SPILL_POWER_CUTS", 500)) {
		rng := rand.New(rand.NewPCG(seed, 0))
		life := &lifetime{t: t, rng: rng, disk: newDisk(), stored: map[uint64]bool{}}
		for range 1 + rng.IntN(4) {
			life.run(spill.SyncAlways)
			life.check(true)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

func TestPowerCutLosesOnlyTheEndWhenNothingIsSynced(t *testing.T) {
	t.Parallel()
	for seed := range uint64(runs(t, "SPILL_POWER_CUTS", 500) / 5) {
		rng := rand.New(rand.NewPCG(seed, 1))
		life := &lifetime{t: t, rng: rng, disk: newDisk(), stored: map[uint64]bool{}}
		for range 1 + rng.IntN(4) {
			life.run([]spill.Sync{spill.SyncInterval, spill.SyncNever}[rng.IntN(2)])
			life.check(false)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

func TestPowerCutLosesOnlyTheLastIntervalWhateverSyncsFailed(t *testing.T) {
	t.Parallel()
	for seed := range uint64(runs(t, "SPILL_POWER_CUTS", 500) / 5) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 2))
			life := &lifetime{t: t, rng: rng, disk: newDisk(), stored: map[uint64]bool{}}
			for range 1 + rng.IntN(4) {
				life.runIntervals()
				life.check(true)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

// runIntervals uses a queue, whose disk fails at times, for some intervals and a part of one.
func (l *lifetime) runIntervals() {
	q := l.open(spill.SyncInterval)
	for range l.rng.IntN(5) {
		l.letFail(1 + l.rng.IntN(10))
		for range l.rng.IntN(20) {
			l.step(q)
			<-time.After(time.Duration(l.rng.IntN(1000)) * time.Millisecond)
		}
	}
	l.letFail(0)
	<-time.After(2 * time.Second) // what failed, and what has been pushed since
	synctest.Wait()
	safe := maps.Clone(l.stored)
	l.letFail(l.rng.IntN(10))
	for range l.rng.IntN(20) {
		l.step(q)
	}
	l.cut(q)
	l.stored = safe
}

// lifetime is a queue whose disk loses power again and again.
type lifetime struct {
	t      *testing.T
	rng    *rand.Rand
	disk   *disk
	next   uint64          // the record to push next
	stored map[uint64]bool // records that must come
	acked  uint64          // the last record acknowledged
}

var powerConfig = spill.Config{Dir: "unused", SegmentBytes: 2048, MaxBytes: 1 << 20}

// run uses the queue for a while, with a disk that sometimes fails, and cuts its power.
func (l *lifetime) run(sync spill.Sync) {
	q := l.open(sync)
	l.letFail(l.rng.IntN(2) * 20)
	for range l.rng.IntN(60) {
		l.step(q)
	}
	l.cut(q)
}

func (l *lifetime) open(sync spill.Sync) *spill.Queue {
	cfg := powerConfig
	cfg.Sync = sync
	q, err := spill.OpenOn("uploads", cfg, l.disk)
	if err != nil {
		l.t.Fatal(err)
	}
	return q
}

// letFail lets one operation of so many fail, or none.
func (l *lifetime) letFail(failures int) {
	l.disk.mu.Lock()
	defer l.disk.mu.Unlock()
	rng := rand.New(rand.NewPCG(l.rng.Uint64(), 0)) // of who holds the disk's mutex
	l.disk.tear = func(_ string, n int) int { return rng.IntN(n + 1) }
	l.disk.fail = func(op, _ string) error {
		if failures > 0 && op != "read" && op != "open" && rng.IntN(failures) == 0 {
			return syscall.EIO
		}
		return nil
	}
}

// cut cuts the power.
func (l *lifetime) cut(q *spill.Queue) {
	before := l.disk
	l.disk = before.cutPower(l.rng)
	before.mu.Lock()
	before.fail = nil
	before.mu.Unlock()
	_ = q.Close(context.Background())
}

func (l *lifetime) step(q *spill.Queue) {
	if l.rng.IntN(4) > 0 {
		recs := make([][]byte, 1+l.rng.IntN(5))
		for i := range recs {
			recs[i] = numbered(l.next + uint64(i) + 1)
		}
		n, _ := q.PushBatch(l.t.Context(), recs)
		for i := range n {
			l.stored[l.next+uint64(i)+1] = true
		}
		l.next += uint64(len(recs))
		return
	}
	var b spill.Batch
	if q.PopBatch(ended(), &b, 1+l.rng.IntN(8)) != nil {
		return
	}
	last := b.Records[l.rng.IntN(len(b.Records))]
	l.acked = numberOf(l.t, last.Data)
	var failed *spill.DiskError
	if err := q.Ack(l.t.Context(), last.Seq); err != nil && !errors.As(err, &failed) {
		l.t.Error(err)
	}
}

// check reads all there is after a power cut: none is altered, none comes twice, all are in order, and
// with all set, none that was stored is missing.
func (l *lifetime) check(all bool) {
	cfg := powerConfig
	q, err := spill.OpenOn("uploads", cfg, l.disk)
	if err != nil {
		l.t.Fatal(err)
	}
	defer closeQueue(l.t, q)
	came := map[uint64]bool{}
	last := uint64(0)
	for {
		rec, err := q.Pop(ended())
		if err != nil {
			break
		}
		n := numberOf(l.t, rec.Data)
		if n <= last {
			l.t.Errorf("record %d came after %d", n, last)
		}
		last = n
		came[n] = true
	}
	for n := range l.stored {
		if n > l.acked && !came[n] && all {
			l.t.Errorf("record %d is lost, acknowledged was %d", n, l.acked)
		}
	}
	l.stored = came
}

func TestManyUseAQueueWhoseDiskFails(t *testing.T) {
	t.Parallel()
	d := newDisk()
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(1, 2))
	failed := false // the last read did: what fails three times in a row is passed over, and so lost
	d.fail = func(op, _ string) error {
		mu.Lock()
		defer mu.Unlock()
		fails := op != "list" && op != "lock" && rng.IntN(30) == 0
		if op == "read" {
			fails = fails && !failed
			failed = fails
		}
		if fails {
			return syscall.EIO
		}
		return nil
	}
	cfg := powerConfig
	cfg.Sync = spill.SyncAlways
	cfg.MaxBytes = 8192
	q, err := spill.OpenOn("uploads", cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	var producers, consumers sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for range 4 {
		producers.Go(func() {
			for n := range uint64(300) {
				_ = q.Push(ctx, numbered(n))
				_ = q.Stats()
			}
		})
	}
	consumers.Go(func() {
		var b spill.Batch
		for ctx.Err() == nil {
			if q.PopBatch(ctx, &b, 10) == nil {
				_ = q.Ack(ctx, b.Last())
				_ = q.Commit(ctx)
			}
		}
	})
	producers.Wait()
	cancel()
	consumers.Wait()
	d.mu.Lock()
	d.fail = nil
	d.mu.Unlock()
	closeQueue(t, q)
	if s := q.Stats(); s.Pushed+s.Failed != 1200 || s.Lost > 0 {
		t.Errorf("got %+v, want 1200 records pushed or failed, none lost", s)
	}
}
