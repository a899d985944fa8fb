package spill_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/goflow-go/goflow/streams/spill"
)

const testSalt = 0x5eed5a17

// segment is a segment of at least so many bytes, its records, numbered from 1, and where they begin.
func segment(atLeast int) (b []byte, recs [][]byte, begins []int) {
	for n := uint64(1); len(b) < atLeast; n++ {
		begins = append(begins, len(b))
		recs = append(recs, numbered(n))
		b = append(b, spill.Frame(testSalt, n, 0, recs[n-1])...)
	}
	return b, recs, begins
}

// scan reads a segment, and requires exactly the records that are wanted: all but those from one index
// to another.
func scan(t *testing.T, b []byte, recs [][]byte, from, to int) {
	t.Helper()
	next := 0
	_, err := spill.Scan(bytes.NewReader(b), testSalt, int64(len(b)), func(seq uint64, rec []byte) {
		if next == from {
			next = to
		}
		if next >= len(recs) || seq != uint64(next+1) || !bytes.Equal(rec, recs[next]) {
			t.Fatalf("got record %d, want %d of %d", seq, next+1, len(recs))
		}
		next++
	})
	if next == from {
		next = to
	}
	if err != nil || next != len(recs) {
		t.Fatalf("got %v after %d records, want %d", err, next, len(recs))
	}
}

// indexAt is which record a byte belongs to.
func indexAt(begins []int, off int) int {
	i, found := slices.BinarySearch(begins, off)
	if found {
		return i
	}
	return i - 1
}

func TestCutSegmentGivesEveryWholeRecord(t *testing.T) {
	t.Parallel()
	b, recs, begins := segment(runs(t, "SPILL_SEGMENT", 1500))
	for cut := range b {
		scan(t, b[:cut], recs, indexAt(begins, cut), len(recs))
	}
	scan(t, b, recs, len(recs), len(recs))
}

func TestFlippedBitCostsOneRecord(t *testing.T) {
	t.Parallel()
	b, recs, begins := segment(runs(t, "SPILL_SEGMENT", 1500))
	for off := range b {
		hit := indexAt(begins, off)
		for bit := range 8 {
			b[off] ^= 1 << bit
			scan(t, b, recs, hit, hit+1)
			b[off] ^= 1 << bit
		}
		b[off] = ^b[off]
		scan(t, b, recs, hit, hit+1)
		b[off] = ^b[off]
	}
}

func TestZeroedBlockCostsTheRecordsItTouches(t *testing.T) {
	t.Parallel()
	b, recs, begins := segment(20_000)
	for off := 0; off < len(b); off += 97 {
		hurt := slices.Clone(b)
		end := min(off+4096, len(b))
		clear(hurt[off:end])
		scan(t, hurt, recs, indexAt(begins, off), indexAt(begins, end-1)+1)
	}
}

func TestSegmentInsideARecordIsNotTakenForRecords(t *testing.T) {
	t.Parallel()
	inner, _, _ := segment(1000)
	foreign := spill.Frame(testSalt+1, 7, 0, []byte("foreign"))
	rec := slices.Concat(foreign, []byte{0xf5, 'g', 'f', 1}, foreign)
	b := slices.Concat(spill.Frame(testSalt, 1, 0, rec), inner)
	b[5] ^= 1 // the length: what follows is searched for records
	var got []uint64
	_, err := spill.Scan(bytes.NewReader(b), testSalt, int64(len(b)), func(seq uint64, rec []byte) {
		got = append(got, seq)
		if bytes.Contains(rec, []byte("foreign")) {
			t.Errorf("got %q, want nothing from within the record", rec)
		}
	})
	if err != nil || len(got) == 0 || got[0] != 1 {
		t.Errorf("got %d, %v, want the records behind", got, err)
	}
}

// FuzzSegment reads whatever there may be in a segment's file.
func FuzzSegment(f *testing.F) {
	b, _, _ := segment(300)
	f.Add(b)
	f.Add(b[:200])
	f.Add(append(make([]byte, 64), b...))
	f.Fuzz(func(t *testing.T, b []byte) {
		total, last := 0, uint64(0)
		damaged, err := spill.Scan(bytes.NewReader(b), testSalt, int64(len(b)), func(seq uint64, rec []byte) {
			if seq <= last {
				t.Errorf("record %d came after %d", seq, last)
			}
			last = seq
			total += spill.HeaderSize + len(rec)
			if !bytes.Contains(b, rec) {
				t.Error("a record is not in the file")
			}
		})
		if total += int(damaged); err != nil || total > len(b) {
			t.Errorf("got %d bytes of %d, %v", total, len(b), err)
		}
	})
}

// hurt flips a bit of the only segment in a directory.
func hurt(t *testing.T, dir string, off int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	b[off] ^= 4
	if err := os.WriteFile(names[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDamageOnDiskIsPassedOverCountedAndRepaired(t *testing.T) {
	t.Parallel()
	for _, found := range []string{"when the queue is opened", "while it is open", "by repair"} {
		t.Run(found, func(t *testing.T) {
			t.Parallel()
			cfg := spill.Config{Dir: t.TempDir()}
			q := openQueue(t, cfg)
			push(t, q, "one", "two", "three", "four")
			if found != "while it is open" {
				closeQueue(t, q)
			}
			hurt(t, cfg.Dir, spill.HeaderSize+3+spill.HeaderSize+1)
			switch found {
			case "by repair":
				r, err := spill.Repair(cfg.Dir)
				if err != nil || !r.Damaged() || r.Lost != 1 || r.Records != 3 || len(r.Segments) != 1 || r.Segments[0].Last != 4 {
					t.Fatalf("got %+v, %v", r, err)
				}
				if r, err = spill.Verify(cfg.Dir); err != nil || r.Damaged() || r.Records != 3 {
					t.Fatalf("got %+v, %v, want no damage", r, err)
				}
				q = openQueue(t, cfg)
			case "when the queue is opened":
				q = openQueue(t, cfg)
				if q.Len() != 3 || q.Stats().Lost != 1 {
					t.Errorf("got %d records and %d lost, want 3 and 1", q.Len(), q.Stats().Lost)
				}
			}
			last := pop(t, q, "one", "three", "four")
			if err := q.Ack(t.Context(), last); err != nil {
				t.Fatal(err)
			}
			closeQueue(t, q)
			q = openQueue(t, cfg)
			if s := q.Stats(); s.Records != 0 || s.Segments != 0 || s.Bytes != 0 {
				t.Errorf("got %+v, want nothing left", s)
			}
			if names, _ := filepath.Glob(filepath.Join(cfg.Dir, "*.corrupt")); len(names) != 1 {
				t.Errorf("got %q, want the damaged segment kept", names)
			}
		})
	}
}

func TestDamagedCursorLetsRecordsComeAgain(t *testing.T) {
	t.Parallel()
	cfg := spill.Config{Dir: t.TempDir()}
	q := openQueue(t, cfg)
	push(t, q, "one", "two")
	if err := q.Ack(t.Context(), pop(t, q, "one")); err != nil {
		t.Fatal(err)
	}
	closeQueue(t, q)
	name := filepath.Join(cfg.Dir, "cursor")
	if err := os.WriteFile(name, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := spill.Verify(cfg.Dir); err != nil || !r.CursorDamaged || !r.Damaged() || r.Records != 2 {
		t.Errorf("got %+v, %v, want a damaged cursor", r, err)
	}
	q = openQueue(t, cfg)
	push(t, q, "three")
	pop(t, q, "one", "two", "three")
}

func TestRemovedSegmentIsCountedAsLost(t *testing.T) {
	t.Parallel()
	cfg := spill.Config{Dir: t.TempDir(), SegmentBytes: 128, MaxBytes: 4096}
	q := openQueue(t, cfg)
	rec := string(make([]byte, 80))
	push(t, q, rec, "b")
	names, _ := filepath.Glob(filepath.Join(cfg.Dir, "*.seg"))
	if len(names) != 2 {
		t.Fatal(names)
	}
	if err := os.Remove(names[0]); err != nil {
		t.Fatal(err)
	}
	pop(t, q, "b")
	if s := q.Stats(); s.Lost != 1 || s.Records != 1 {
		t.Errorf("got %d lost and %d records, want 1 and 1", s.Lost, s.Records)
	}
}
