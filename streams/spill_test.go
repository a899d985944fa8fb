package streams_test

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/streams"
)

func goexit(context.Context, int) (int, error) {
	runtime.Goexit()
	return 0, nil
}

// memoryQueue is a Queue that is as strict as one on disk: records are copied both ways.
type memoryQueue struct {
	bad error

	mu              sync.Mutex
	records         [][]byte
	popped          int
	pushed, highest int
}

func (q *memoryQueue) PushBatch(_ context.Context, records [][]byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bad != nil {
		return q.bad
	}
	for _, r := range records {
		q.records = append(q.records, slices.Clone(r))
	}
	q.pushed += len(records)
	q.highest = max(q.highest, len(q.records))
	return nil
}

func (q *memoryQueue) PopBatch(_ context.Context, max int) ([][]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(max, len(q.records)-q.popped)
	var got [][]byte
	for _, r := range q.records[q.popped : q.popped+n] {
		got = append(got, slices.Clone(r))
	}
	q.popped += n
	return got, nil
}

func (q *memoryQueue) Ack(context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.records, q.popped = q.records[q.popped:], 0
	return nil
}

// reopen forgets what was popped and not acknowledged, as a new process does.
func (q *memoryQueue) reopen() { q.popped = 0 }

// decimal makes records of numbers.
type decimal struct{}

func (decimal) Append(buf []byte, n int) ([]byte, error) {
	return strconv.AppendInt(buf, int64(n), 10), nil
}
func (decimal) Decode(record []byte) (int, error) { return strconv.Atoi(string(record)) }

func TestSpillKeepsEveryItemInOrder(t *testing.T) {
	t.Parallel()
	q := &memoryQueue{}
	go1 := make(chan struct{})
	first := true
	var got []int
	in := streams.FromSlice(numbers(5000)).Tap(func(n int) {
		if n == 4999 {
			close(go1)
		}
	})
	err := in.Spill(10, q, decimal{}).ForEach(t.Context(), func(_ context.Context, n int) error {
		if first { // until all came
			<-go1
			first = false
		}
		got = append(got, n)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	requireItems(t, got, numbers(5000)...)
	if q.highest < 4000 || len(q.records) != 0 {
		t.Errorf("the queue held up to %d records and has %d left, want most of 5000, and none", q.highest, len(q.records))
	}
}

func TestSpillKeepsTheOrderOfWhatIsPutBetweenItsLooksAtMemoryAndQueue(t *testing.T) {
	t.Parallel()
	got, err := streams.SpillBetweenLooks(t.Context(), 3, &memoryQueue{}, decimal{}, numbers(10))
	if err != nil {
		t.Fatal(err)
	}
	requireItems(t, got, numbers(10)...)
}

func TestSpillGivesTheRestInTheNextRun(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		total := rapid.IntRange(1, 400).Draw(rt, "total")
		take := rapid.IntRange(1, 400).Draw(rt, "take")
		memory := rapid.IntRange(1, 50).Draw(rt, "memory")
		q := &memoryQueue{}
		got, err := streams.FromSlice(numbers(total)).Spill(memory, q, decimal{}).Take(take).Collect(context.Background())
		if err != nil {
			rt.Fatal(err)
		}
		q.reopen()
		rest, err := streams.FromSlice[int](nil).Spill(memory, q, decimal{}).Collect(context.Background())
		if err != nil {
			rt.Fatal(err)
		}
		all := slices.Concat(got, rest)
		slices.Sort(all)
		if want := numbers(len(all)); !slices.Equal(all, want) || len(got) != min(take, total) {
			rt.Fatalf("got %v and then %v of %d items", got, rest, total)
		}
	})
}

func TestSpillEndsWithTheErrorOfItsQueueOrCodec(t *testing.T) {
	t.Parallel()
	err := streams.FromSlice(numbers(9)).Spill(1, &memoryQueue{bad: errBoom}, decimal{}).Drain(t.Context())
	requireStage(t, err, "spill", errBoom)
	q := &memoryQueue{records: [][]byte{[]byte("12"), []byte("no number")}}
	err = streams.FromSlice[int](nil).Spill(1, q, decimal{}).Drain(t.Context())
	requireStage(t, err, "spill", strconv.ErrSyntax)
	if len(q.records) != 1 {
		t.Errorf("%d records are left, want the one that cannot be decoded", len(q.records))
	}
}
