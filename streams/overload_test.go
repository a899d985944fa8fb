package streams_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// overloadTime is for how long each overload lasts: GOFLOW_STREAMS_OVERLOAD, or not long.
func overloadTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("GOFLOW_STREAMS_OVERLOAD")
	if text == "" {
		return 300 * time.Millisecond
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const (
	overload10x  = 10       // items that come in a millisecond, of which the reader takes one
	overloadRoom = 64       // items there is room for
	blockBytes   = 4 << 10  // the size of an item: in 300 ms 12 MiB come, in 30 s more than 1 GiB
	overloadHeap = 10 << 20 // bytes in use that are enough: for the room and two chunks of 1024
)

// block is an item that takes room.
type block struct {
	number int
	data   []byte
}

// blocks makes records of blocks.
type blocks struct{}

func (blocks) Append(buf []byte, b block) ([]byte, error) {
	return append(binary.LittleEndian.AppendUint64(buf, uint64(b.number)), b.data...), nil
}

func (blocks) Decode(record []byte) (block, error) {
	return block{number: int(binary.LittleEndian.Uint64(record)), data: slices.Clone(record[8:])}, nil
}

// flood is an overload, and what it counted. What is given and dropped is of the goroutine of those
// above, the rest of the reader's.
type flood struct {
	began      time.Time
	lasts      time.Duration
	base, heap uint64 // live memory before, and at most

	given, dropped int
	got, last      int
	disorder       bool
}

func newFlood(t *testing.T) *flood {
	t.Helper()
	return &flood{lasts: overloadTime(t), base: live(), began: time.Now()}
}

// next gives the items that are due.
func (f *flood) next(ctx context.Context) (b block, ok bool, err error) {
	for f.given >= overload10x*int(time.Since(f.began)/time.Millisecond) {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return b, false, context.Cause(ctx)
		}
	}
	if time.Since(f.began) >= f.lasts {
		return b, false, nil
	}
	f.given++
	return block{number: f.given, data: make([]byte, blockBytes)}, true, nil
}

// take is the reader: slow until the overload is over.
func (f *flood) take(_ context.Context, b block) error {
	f.disorder = f.disorder || b.number <= f.last
	f.last = b.number
	if f.got++; f.got%32 == 0 {
		f.heap = max(f.heap, live())
	}
	if time.Since(f.began) < f.lasts {
		<-time.After(time.Millisecond)
	}
	return nil
}

func (f *flood) drop(items []block) { f.dropped += len(items) }

// live is how many bytes are in use.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// require checks what holds for every strategy.
func (f *flood) require(t *testing.T, rec *telemetrytest.Recorder) {
	t.Helper()
	used := int64(f.heap) - int64(f.base)
	t.Logf("%v: %d came, %d were taken, %d dropped, %d KiB were in use", f.lasts, f.given, f.got, f.dropped, used>>10)
	if used > overloadHeap {
		t.Errorf("%d bytes were in use, want at most %d", used, overloadHeap)
	}
	if f.given != f.got+f.dropped || f.disorder {
		t.Errorf("of %d items %d were taken and %d dropped, out of order: %t", f.given, f.got, f.dropped, f.disorder)
	}
	rec.RequireSum("goflow.stream.items", int64(f.got), at("line", "emitted")...)
	if f.dropped > 0 {
		rec.RequireSum("goflow.stream.items", int64(f.dropped), at("line", "dropped")...)
	} else {
		rec.RequireNoMetric("goflow.stream.items", at("line", "dropped")...)
	}
}

// The tests of overloads measure memory, and so run alone.

func TestABufferWithstandsTenTimesTheLoad(t *testing.T) {
	for _, o := range []streams.Overflow{streams.Block, streams.DropNewest, streams.DropOldest, streams.Latest} {
		t.Run(o.String(), func(t *testing.T) {
			rec, f := telemetrytest.New(t), newFlood(t)
			s := streams.Generate(f.next).Named("orders", streams.WithTelemetry(rec.Options()...)).Stage("line")
			if err := s.OnDrop(f.drop).Buffer(overloadRoom, o).ForEach(t.Context(), f.take); err != nil {
				t.Fatal(err)
			}
			f.require(t, rec)
			if o == streams.Block && f.dropped > 0 {
				t.Errorf("%d of %d items were dropped, want none", f.dropped, f.given)
			}
		})
	}
}

func TestABufferThatFailsEndsAtTenTimesTheLoad(t *testing.T) {
	rec, f := telemetrytest.New(t), newFlood(t)
	f.lasts = max(f.lasts, time.Minute) // it ends when the buffer is full, at once but on a machine that stands still
	s := streams.Generate(f.next).Named("orders", streams.WithTelemetry(rec.Options()...)).Stage("line")
	err := s.OnDrop(f.drop).Buffer(overloadRoom, streams.Fail).ForEach(t.Context(), f.take)
	var full *streams.FullError
	if !errors.As(err, &full) || full.Capacity != overloadRoom {
		t.Errorf("got error %v, want that %d items are too many", err, overloadRoom)
	}
	if f.got < overloadRoom || f.dropped != 0 || f.disorder {
		t.Errorf("%d items were taken, %d dropped, out of order: %t", f.got, f.dropped, f.disorder)
	}
	rec.RequireSum("goflow.stream.items", int64(f.got), at("line", "emitted")...)
}

func TestASpillWithstandsTenTimesTheLoad(t *testing.T) {
	rec := telemetrytest.New(t)
	q, err := spill.Open("orders", spill.Config{Dir: t.TempDir(), MaxBytes: 4 << 30, SegmentBytes: 8 << 20, Sync: spill.SyncNever})
	if err != nil {
		t.Fatal(err)
	}
	f := newFlood(t)
	s := streams.Generate(f.next).Named("orders", streams.WithTelemetry(rec.Options()...)).Stage("line")
	if err := s.Spill(overloadRoom, q.Buffer(), blocks{}).ForEach(t.Context(), f.take); err != nil {
		t.Fatal(err)
	}
	f.require(t, rec)
	t.Logf("%d items went to the queue", q.Stats().Pushed)
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
