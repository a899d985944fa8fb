package spill_test

import (
	"errors"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/streams/spill"
)

// model is a queue as simple as can be: what was pushed, in order.
type model struct {
	q    *spill.Queue
	disk *disk
	cfg  spill.Config
	fail bool // the disk does
	torn bool // a write may not have been taken back

	next   uint64
	recs   []uint64 // not acknowledged, oldest first
	popped int      // of these
	seqs   []uint64 // of those popped
}

func (m *model) open(t *rapid.T) {
	var err error
	if m.q, err = spill.OpenOn("uploads", m.cfg, m.disk); err != nil {
		t.Fatal(err)
	}
	m.popped, m.seqs = 0, nil
}

func (m *model) push(t *rapid.T) {
	var recs [][]byte
	for range rapid.IntRange(1, 4).Draw(t, "records") {
		m.next++
		recs = append(recs, numbered(m.next))
	}
	first := m.next - uint64(len(recs)) + 1
	if m.q.Bytes()+4*400 >= m.cfg.MaxBytes {
		return // there may not be room
	}
	n, err := m.q.PushBatch(t.Context(), recs)
	if !m.fail && (n < len(recs) || err != nil) {
		t.Fatalf("got %d, %v, want %d", n, err, len(recs))
	}
	for i := range n {
		m.recs = append(m.recs, first+uint64(i))
	}
}

func (m *model) pop(t *rapid.T) {
	var b spill.Batch
	limit := rapid.IntRange(1, 5).Draw(t, "limit")
	err := m.q.PopBatch(ended(), &b, limit)
	if err != nil && m.fail {
		return
	}
	want := min(limit, len(m.recs)-m.popped)
	if got := len(b.Records); got > want || got == 0 && want > 0 { // those that are in the buffer come next
		t.Fatalf("got %d records, %v, want %d", got, err, want)
	}
	for _, rec := range b.Records {
		if want := m.recs[m.popped]; string(rec.Data) != string(numbered(want)) {
			t.Fatalf("got record %.8x, want %d", rec.Data, want)
		}
		m.popped++
		m.seqs = append(m.seqs, rec.Seq)
	}
}

func (m *model) ack(t *rapid.T) {
	if m.popped == 0 {
		return
	}
	k := rapid.IntRange(1, m.popped).Draw(t, "acks")
	if err := m.q.Ack(t.Context(), m.seqs[k-1]); err != nil && (!m.fail || !errors.Is(err, syscall.EIO)) {
		t.Fatal(err)
	}
	m.recs, m.seqs = m.recs[k:], m.seqs[k:]
	m.popped -= k
}

func (m *model) toggle(t *rapid.T) {
	m.fail = !m.fail
	fail := m.fail
	// What cannot be taken back is found anew when the queue is opened: what was refused too, so that is
	// only for a queue that keeps what it could not write.
	torn := m.cfg.Sync == spill.SyncNever && rapid.Bool().Draw(t, "truncate fails")
	m.torn = m.torn || torn
	part := rapid.IntRange(0, 100).Draw(t, "part of a failing write")
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	m.disk.tear = func(_ string, n int) int { return n * part / 100 }
	m.disk.fail = func(op, _ string) error {
		if fail && (op == "write" || op == "create" || op == "rename" || torn && op == "truncate") {
			return syscall.EIO
		}
		return nil
	}
}

func (m *model) reopen(t *rapid.T) {
	if m.fail {
		m.toggle(t)
	}
	if err := m.q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.open(t)
}

func (m *model) check(t *rapid.T) {
	if got := m.q.Len(); got != len(m.recs) {
		t.Fatalf("got %d records, want %d", got, len(m.recs))
	}
	if s := m.q.Stats(); !m.torn && s.Lost+s.DamagedBytes > 0 || s.Bytes < 0 || !m.torn && s.Bytes > m.cfg.MaxBytes {
		t.Fatalf("got %+v, want no damage and at most %d bytes", s, m.cfg.MaxBytes)
	}
}

func TestQueueAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{disk: newDisk(), cfg: spill.Config{Dir: "unused", SegmentBytes: 1024, MaxBytes: 8192}}
		m.cfg.Sync = rapid.SampledFrom([]spill.Sync{spill.SyncInterval, spill.SyncNever, spill.SyncAlways}).Draw(t, "sync")
		m.open(t)
		defer func() { _ = m.q.Close(t.Context()) }()
		t.Repeat(map[string]func(*rapid.T){
			"push": m.push, "pop": m.pop, "ack": m.ack, "fail": m.toggle, "reopen": m.reopen, "": m.check,
		})
	})
}
