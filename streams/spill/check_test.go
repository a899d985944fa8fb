package spill_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/streams/spill"
)

func TestAQueuesCheckTellsOfAFullQueueAndAFailingDisk(t *testing.T) {
	t.Parallel()
	d := newDisk()
	q, err := spill.OpenOn("uploads", spill.Config{Dir: "/queue", SegmentBytes: 500, MaxBytes: 1000, Sync: spill.SyncAlways}, d)
	if err != nil {
		t.Fatal(err)
	}
	check := spill.Check(q)
	expect := func(what string, degraded bool, want string) {
		t.Helper()
		err := check.Run(t.Context())
		if text := fmt.Sprint(err); errors.Is(err, health.ErrDegraded) != degraded || text != want {
			t.Errorf("%s: got %v, want %s", what, err, want)
		}
	}
	expect("empty", false, "<nil>")
	d.mu.Lock()
	d.fail = func(op, _ string) error {
		if op == "sync" {
			return syscall.EIO
		}
		return nil
	}
	d.mu.Unlock()
	if err := q.Push(t.Context(), make([]byte, 100)); err == nil {
		t.Error("pushed to a failing disk")
	}
	expect("failing", false, "the disk fails")
	d.mu.Lock()
	d.fail = nil
	d.mu.Unlock()
	push(t, q, "x")
	expect("mended", false, "<nil>")
	for range 6 {
		push(t, q, string(make([]byte, 100)))
	}
	if q.Bytes() < 900 {
		push(t, q, string(make([]byte, max(900-q.Bytes()-spill.HeaderSize, 1))))
	}
	expect("nearly full", true, fmt.Sprintf("%d of 1000 bytes are taken", q.Bytes()))
	closeQueue(t, q)
}

func ExampleCheck() {
	dir, err := os.MkdirTemp("", "uploads")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	queue, err := spill.Open("uploads", spill.Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	check := spill.Check(queue)
	fmt.Println(check.Name, check.Run(context.Background()))
	fmt.Println(queue.Close(context.Background()))
	// Output:
	// spill uploads <nil>
	// <nil>
}
