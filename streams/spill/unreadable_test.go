package spill_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/goflow-go/goflow/streams/spill"
)

// The records of these tests have 1000 bytes with their headers, and there are a thousand.
const unreadRecord, unreadRecords = 1000, 1000

var unreadSpans = map[string]struct {
	bad         span
	first, last int // records that are lost
}{
	"a byte":                      {span{from: 10_000, to: 10_001}, 10, 12},
	"a byte, by a disk of blocks": {span{from: 10_000, to: 10_001, all: true}, 8, 12},
	"a block of the second read":  {span{from: 303_104, to: 307_200}, 303, 307},
	"the beginning":               {span{from: 0, to: 4096}, 0, 4},
	"more than a read":            {span{from: 100_000, to: 900_000}, 100, 901},
	"the end":                     {span{from: 999_000, to: 1 << 30}, 999, 999},
	"all":                         {span{to: 1 << 30, all: true}, 0, 999},
}

func numberedOf(i int) []byte {
	return append(fmt.Appendf(nil, "%08d", i), make([]byte, unreadRecord-spill.HeaderSize-8)...)
}

// unreadQueue is a queue of which a part cannot be read.
func unreadQueue(t *testing.T, bad span) (*spill.Queue, *disk) {
	t.Helper()
	d := newDisk()
	q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused"}, d)
	if err != nil {
		t.Fatal(err)
	}
	for i := range unreadRecords {
		push(t, q, string(numberedOf(i)))
	}
	d.mu.Lock()
	d.bad = bad
	d.mu.Unlock()
	return q, d
}

// drain pops all there is, and counts the calls that fail for the disk.
func drain(t *testing.T, q *spill.Queue) (came []string, failures int) {
	t.Helper()
	var b spill.Batch
	for {
		err := q.PopBatch(ended(), &b, 7)
		switch {
		case errors.Is(err, syscall.EIO):
			failures++
		case errors.Is(err, context.Canceled):
			return came, failures
		case err != nil:
			t.Fatal(err)
		}
		for _, rec := range b.Records {
			came = append(came, string(rec.Data))
		}
	}
}

// requireReadable looks whether all came that was not lost.
func requireReadable(t *testing.T, came []string, first, last int) {
	t.Helper()
	var want []string
	for i := range unreadRecords {
		if i < first || i > last {
			want = append(want, string(numberedOf(i)))
		}
	}
	if !slices.Equal(came, want) {
		t.Errorf("got %d records, want the %d but those from %d to %d", len(came), len(want), first, last)
	}
}

func TestWhatCannotBeReadIsPassedOverAfterTwoErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range unreadSpans {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, d := unreadQueue(t, tt.bad)
			came, failures := drain(t, q)
			if failures != 1 && failures != 2 { // the first may have come after records of the same batch
				t.Errorf("got %d errors, want 1 or 2", failures)
			}
			d.mu.Lock()
			d.bad = span{}
			d.mu.Unlock()
			requireReadable(t, came, tt.first, tt.last)
			closeQueue(t, q)
			if lost := int64(tt.last - tt.first + 1); q.Stats().Lost != 0 && q.Stats().Lost != lost {
				t.Errorf("got %d lost, want %d", q.Stats().Lost, lost)
			}
		})
	}
}

func TestQueueGoesOnBehindASegmentThatCannotBeRead(t *testing.T) {
	t.Parallel()
	d := newDisk()
	q, err := spill.OpenOn("uploads", spill.Config{Dir: "unused", SegmentBytes: 10_000, MaxBytes: 1 << 20}, d)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		push(t, q, string(numberedOf(i)))
	}
	d.mu.Lock()
	d.bad = span{from: 4096, to: 8192}
	d.mu.Unlock()
	came, _ := drain(t, q)
	if s := q.Stats(); len(came) != 10 || s.Lost != 5 || s.DamagedBytes != 5000 || s.Records != 15 {
		t.Errorf("got %d records and %+v, want 5 of the first segment lost, and 5 yet to be of the second", len(came), s)
	}
	push(t, q, string(numberedOf(20)))
	if came, _ = drain(t, q); len(came) != 1 || came[0] != string(numberedOf(20)) {
		t.Errorf("got %.8q, want the record that was pushed last", came)
	}
	if err := q.Ack(t.Context(), 21); err != nil {
		t.Fatal(err)
	}
	names, _ := d.List()
	if kept := slices.DeleteFunc(names, func(name string) bool { return !strings.HasSuffix(name, ".corrupt") }); len(kept) != 2 {
		t.Errorf("got %q, want both segments kept: they may be readable another time", kept)
	}
	closeQueue(t, q)
}

func TestUnreadableBlockKeepsNoQueueFromBeingOpenedOrRepaired(t *testing.T) {
	t.Parallel()
	for name, tt := range unreadSpans {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, d := unreadQueue(t, span{})
			closeQueue(t, q)
			d.bad = tt.bad
			report, err := spill.VerifyOn(d)
			lost := tt.last - tt.first + 1
			if err != nil || !report.Damaged() || report.Records != unreadRecords-lost {
				t.Fatalf("got %+v, %v, want %d records", report, err, unreadRecords-lost)
			}
			q, err = spill.OpenOn("uploads", spill.Config{Dir: "unused"}, d)
			if err != nil {
				t.Fatal(err)
			}
			came, _ := drain(t, q)
			requireReadable(t, came, tt.first, tt.last)
			closeQueue(t, q)
			if report, err = spill.RepairOn(d); err != nil || report.Records != unreadRecords-lost {
				t.Fatalf("got %+v, %v, want %d records", report, err, unreadRecords-lost)
			}
			d.bad = span{}
			if report, err = spill.VerifyOn(d); err != nil || report.Damaged() || report.Records != unreadRecords-lost {
				t.Errorf("got %+v, %v, want %d records and no damage", report, err, unreadRecords-lost)
			}
		})
	}
}
