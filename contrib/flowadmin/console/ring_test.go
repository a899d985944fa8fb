package console_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/contrib/flowadmin/console"
)

func TestRingKeepsTheLatestWithinItsBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1<<20, 3<<20).Draw(t, "most")
		r := console.NewRing(most, false)
		var sent [][]byte
		for i := range rapid.IntRange(0, 300).Draw(t, "records") {
			size := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(20_000, console.MaxRecord)).Draw(t, "size")
			record := binary.LittleEndian.AppendUint32(nil, uint32(i))
			record = append(record, make([]byte, max(0, size-len(record)))...)
			sent = append(sent, record)
			if !r.Add(record, int64(i)) {
				t.Fatal("there was no room")
			}
			if held := r.Held(); held > most {
				t.Fatalf("holds %d bytes, want at most %d", held, most)
			}
		}
		kept := r.Newest()
		if len(kept) != r.Count() || len(kept) > len(sent) {
			t.Fatalf("gives %d records, counts %d, was given %d", len(kept), r.Count(), len(sent))
		}
		for i, got := range kept {
			if want := sent[len(sent)-1-i]; !bytes.Equal(got, want) {
				t.Fatalf("record %d from the end is another", i)
			}
		}
		if len(kept) < len(sent) && r.Held() < most/2 {
			t.Fatalf("let go of records while it holds %d of %d bytes", r.Held(), most)
		}
	})
}

func TestRingThatIsForeverRefusesWhatIsNew(t *testing.T) {
	t.Parallel()
	r, record := console.NewRing(1<<20, true), make([]byte, 10_000)
	n := 0
	for r.Add(record, 1) {
		n++
	}
	if r.Held() > 1<<20 || n < 80 || r.Count() != n {
		t.Errorf("took %d records, counts %d, holds %d bytes", n, r.Count(), r.Held())
	}
}

func TestWhatAReaderHoldsStaysAsItWas(t *testing.T) {
	t.Parallel()
	r := console.NewRing(1<<20, false)
	record := make([]byte, 1000)
	for i := range 5000 {
		binary.LittleEndian.PutUint64(record, uint64(i))
		r.Add(record, 0)
		if i%1000 != 500 {
			continue
		}
		held := r.Newest()
		for j := range 2000 {
			r.Add(record, int64(j))
		}
		if got := binary.LittleEndian.Uint64(held[0]); got != uint64(i) {
			t.Errorf("got record %d, want %d", got, i)
		}
	}
}
