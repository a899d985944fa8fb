package spill_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestEveryNameIsDeclaredAndEmitted(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	ctx, parent := rec.StartSpan(t.Context(), "parent")
	d := newDisk()
	q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", Sync: spill.SyncAlways, SegmentBytes: 128, MaxBytes: 512, Overflow: spill.Reject}, d,
		spill.WithTelemetry(rec.Options()...))
	if err != nil {
		t.Fatal(err)
	}
	long := make([]byte, 90)
	for range 3 {
		if err := q.Push(ctx, long); err != nil {
			t.Fatal(err)
		}
	}
	failing := "write"
	d.mu.Lock()
	d.entries[firstName(d)].now[40] ^= 1
	d.fail = func(op, _ string) error {
		if op == failing {
			return syscall.ENOSPC
		}
		return nil
	}
	d.mu.Unlock()
	for _, failing = range []string{"write", "sync"} {
		if err := q.Push(ctx, []byte("x")); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("got %v, want %v", err, syscall.ENOSPC)
		}
	}
	failing = ""
	if err := q.Push(ctx, long); err != nil {
		t.Fatal(err)
	}
	if err := q.Push(ctx, long); err == nil {
		t.Fatal("got no error from a full queue")
	}
	popped, err := q.Pop(ctx)
	if err == nil {
		err = q.Ack(ctx, popped.Seq)
	}
	if err == nil {
		err = q.Commit(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	parent.End()

	name := flowconv.SpillNameKey.String("uploads")
	for outcome, want := range map[string]int64{"pushed": 4, "popped": 1, "acked": 1, "rejected": 1, "failed": 2, "dropped": 0, "lost": 1} {
		rec.RequireSum("goflow.spill.records", want, name, flowconv.SpillOutcomeKey.String(outcome))
	}
	rec.RequireSum("goflow.spill.record.pending", 2, name)
	rec.RequireSum("goflow.spill.damage", 122, name)
	rec.RequireEvent("goflow.spill.damage", flowconv.SpillRecordCountKey.Int(1), flowconv.SpillDamagedBytesKey.Int(122))
	var failings, recoveries int
	for _, l := range rec.Logs() {
		if l.EventName() == flowconv.EventSpillDisk {
			if l.Severity() > 9 {
				failings++
			} else {
				recoveries++
			}
		}
	}
	if failings != 1 || recoveries != 1 {
		t.Errorf("got %d events of a failing disk and %d of one that works again, want 1 and 1", failings, recoveries)
	}
	rec.RequireSpan("push uploads", flowconv.SpillRecordCountKey.Int(1))
	rec.RequireSpan("pop uploads", flowconv.SpillRecordCountKey.Int(1))
	rec.RequireDeclared()
	rec.RequireEmitted("goflow.spill.")
	closeQueue(t, q)
	rec.RequireSum("goflow.spill.records", 4, flowconv.SpillOutcomeKey.String("pushed")) // counters are kept
	rec.RequireNoMetric("goflow.spill.size")                                             // gauges go
}

// firstName is the name of a disk's oldest segment.
func firstName(d *disk) string {
	first := "x"
	for name := range d.entries {
		first = min(first, name)
	}
	return first
}

func TestDamageFoundAtOpenIsTold(t *testing.T) {
	t.Parallel()
	cfg := spill.Config{Dir: t.TempDir(), SyncEvery: time.Minute}
	q := openQueue(t, cfg)
	push(t, q, "one", "two")
	closeQueue(t, q)
	hurt(t, cfg.Dir, spill.HeaderSize)
	rec := telemetrytest.New(t)
	q = openQueue(t, cfg, spill.WithTelemetry(rec.Options()...))
	rec.RequireEvent("goflow.spill.damage", flowconv.SpillRecordCountKey.Int(1))
	pop(t, q, "two")
	if n := len(rec.Logs()); n != 1 {
		t.Errorf("got %d events, want 1: the damage is told of once", n)
	}
}
