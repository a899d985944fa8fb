package spill_test

import (
	"context"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/streams/spill"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("SPILL_CHILD"); dir != "" {
		child(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// openQueue opens the queue of a directory; it is closed with the test.
func openQueue(t testing.TB, cfg spill.Config, opts ...spill.Option) *spill.Queue {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	q, err := spill.Open("uploads", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeQueue(t, q) })
	return q
}

func closeQueue(t testing.TB, q *spill.Queue) {
	t.Helper()
	if err := q.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// push pushes records that have to be accepted.
func push(t testing.TB, q *spill.Queue, recs ...string) {
	t.Helper()
	for _, rec := range recs {
		if err := q.Push(t.Context(), []byte(rec)); err != nil {
			t.Fatal(err)
		}
	}
}

// pop takes records that have to be there.
func pop(t testing.TB, q *spill.Queue, want ...string) (last uint64) {
	t.Helper()
	for _, w := range want {
		rec, err := q.Pop(ended())
		if err != nil {
			t.Fatalf("got %v, want record %.20q", err, w)
		}
		if string(rec.Data) != w {
			t.Fatalf("got record %.20q, want %.20q", rec.Data, w)
		}
		last = rec.Seq
	}
	return last
}
