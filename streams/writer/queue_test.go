package writer_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/streams/writer"
)

var errQueue = errors.New("queue is full")

// queue is a Queue in memory that fails when told to.
type queue struct {
	mu      sync.Mutex
	room    int // records it takes
	list    [][]byte
	peek    error // what Peek returns
	discard error // what Discard returns, once
}

func (q *queue) Push(records [][]byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, r := range records {
		if len(q.list) >= q.room {
			return i, errQueue
		}
		q.list = append(q.list, bytes.Clone(r))
	}
	return len(records), nil
}

func (q *queue) Peek(n int) ([][]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.list[:min(n, len(q.list))], q.peek
}

func (q *queue) Discard(n int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.discard; err != nil {
		q.discard = nil
		return err
	}
	q.list = q.list[n:]
	return nil
}

func (q *queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list)
}

// spilling is a writer of two buffers of ten records.
var spilling = writer.Config{BufferBytes: 100, Buffers: 2, Overflow: writer.Spill}

func TestWhatDoesNotFitGoesThroughTheQueueInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, q := make(chan struct{}), &queue{room: 1000}
		s := (&sink{}).then(until(release))
		w := newWriter(t, s, spilling, writer.WithQueue(q))
		write(t, w, 0, 95)
		synctest.Wait()
		if st := requireBalance(t, w); st.Spilled != amount(80) || q.Len() != 80 {
			t.Errorf("spilled %v, the queue has %d, want 80", st.Spilled, q.Len())
		}
		close(release)
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		requireText(t, s, records(0, 94))
		if st := requireBalance(t, w); st.Written != amount(95) || q.Len() != 0 {
			t.Errorf("%+v, the queue has %d", st, q.Len())
		}
	})
}

func TestWhatTheQueueHeldIsWrittenFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{room: 100, list: [][]byte{[]byte(record(0)), {}, []byte(record(1))}}
		s := &sink{}
		w := newWriter(t, s, spilling, writer.WithQueue(q))
		write(t, w, 2, 3)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		requireText(t, s, records(0, 4))
		if st := requireBalance(t, w); st.Written != (writer.Amount{Writes: 6, Bytes: 50}) {
			t.Errorf("%+v", st)
		}
	})
}

func TestWhatTheQueueDoesNotTakeIsDroppedAndTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, q := make(chan struct{}), &queue{room: 25}
		s := (&sink{}).then(until(release))
		var told []writer.Loss
		w := newWriter(t, s, spilling, writer.WithQueue(q), writer.WithHook(func(l writer.Loss) { told = append(told, l) }))
		write(t, w, 0, 60)
		close(release)
		requireLost(t, w.Close(), amount(15), writer.Amount{}, writer.Amount{}, nil)
		requireText(t, s, records(0, 34)+records(50, 59))
		want := []writer.Loss{
			{Writer: "access-log", Outcome: writer.Dropped, Amount: amount(5), Err: errQueue},
			{Writer: "access-log", Outcome: writer.Dropped, Amount: amount(10), Err: errQueue},
		}
		if len(told) != 2 || told[0] != want[0] || told[1] != want[1] {
			t.Errorf("the hook was told %v, want %v", told, want)
		}
	})
}

func TestStopLeavesInTheQueueWhatADeadSinkDoesNotTake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{room: 1000}
		s := (&sink{}).then(short(15, errDown)).then(always(100, badly)...)
		w := newWriter(t, s, spilling, writer.WithQueue(q))
		write(t, w, 0, 45)
		// The second record is torn: it counts as lost, with the 5 bytes that are missing.
		requireLost(t, w.Close(), writer.Amount{Writes: 1, Bytes: 5}, writer.Amount{}, amount(43), errDown)
		if q.Len() != 43 {
			t.Errorf("the queue has %d records, want 43", q.Len())
		}
		requireBalance(t, w)

		again := &sink{}
		w = newWriter(t, again, spilling, writer.WithQueue(q))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if n := len(again.got()); n != 430 {
			t.Errorf("the next writer wrote %d bytes, want 430", n)
		}
	})
}

func TestStopAtItsDeadlineMovesMemoryToTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, q := make(chan struct{}), &queue{room: 1000}
		defer close(release)
		w := newWriter(t, (&sink{}).then(until(release)), spilling, writer.WithQueue(q))
		write(t, w, 0, 15)
		requireLost(t, w.Stop(within(t, time.Second)), amount(10), writer.Amount{}, amount(5), nil)
		requireBalance(t, w)
	})
}

func TestAWriteLargerThanABufferSpills(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, q := make(chan struct{}), &queue{room: 1000}
		s := (&sink{}).then(until(release))
		w := newWriter(t, s, spilling, writer.WithQueue(q))
		large := bytes.Repeat([]byte("L"), 150)
		write(t, w, 0, 1)
		for range 3 {
			if _, err := w.Write(large); err != nil {
				t.Fatal(err)
			}
		}
		write(t, w, 1, 1)
		close(release)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		requireText(t, s, record(0)+string(bytes.Repeat(large, 3))+record(1))
	})
}

func TestAQueueThatFailsLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, q := make(chan struct{}), &queue{room: 1000, peek: errQueue, discard: errQueue}
		s := (&sink{}).then(until(release))
		w := newWriter(t, s, spilling, writer.WithQueue(q))
		write(t, w, 0, 55)
		close(release)
		requireLost(t, w.Flush(t.Context()), writer.Amount{}, amount(45), writer.Amount{}, errQueue)
		q.mu.Lock()
		q.peek = nil
		q.mu.Unlock()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		requireText(t, s, records(0, 54))
		if q.Len() != 0 {
			t.Errorf("the queue still has %d records", q.Len())
		}
	})
}

func TestAQueueThatCannotBeReadIsLeftAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{room: 100, list: [][]byte{[]byte(record(0))}, peek: errQueue}
		w := newWriter(t, &sink{}, spilling, writer.WithQueue(q))
		requireLost(t, w.Close(), writer.Amount{}, writer.Amount{}, writer.Amount{Writes: 1}, errQueue)
	})
}

func TestStopInAPauseMovesTheRestToTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{room: 1000}
		s := (&sink{}).then(short(25, errDown)).then(always(100, badly)...)
		cfg := with(spilling, func(c *writer.Config) { c.RetryDelay = time.Minute; c.MaxRetryDelay = time.Minute })
		w := newWriter(t, s, cfg, writer.WithQueue(q))
		write(t, w, 0, 15)
		pass(time.Second)
		requireLost(t, w.Stop(within(t, time.Second)), writer.Amount{Writes: 1, Bytes: 5}, writer.Amount{}, amount(12), errDown)
		requireBalance(t, w)
	})
}
