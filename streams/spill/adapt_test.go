package spill_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/streams/writer"
)

var (
	_ streams.Queue = (*spill.Buffer)(nil)
	_ writer.Queue  = (*spill.Backlog)(nil)
)

// decimal is a codec of numbers.
type decimal struct{}

func (decimal) Append(buf []byte, n int) ([]byte, error) {
	return strconv.AppendInt(buf, int64(n), 10), nil
}
func (decimal) Decode(record []byte) (int, error) { return strconv.Atoi(string(record)) }

func openIn(t *testing.T, dir string) *spill.Queue {
	t.Helper()
	q, err := spill.Open("adapted", spill.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestAStreamSpillsToDiskInOrderAndGoesOnAfterACrashOfItsRun(t *testing.T) {
	t.Parallel()
	const n = 5000
	dir := t.TempDir()
	q := openIn(t, dir)
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	broken := errors.New("broken")
	var first []int
	started := make(chan struct{})
	go func() {
		for q.Len() < n/2 { // until most of it is on disk
			<-time.After(time.Millisecond)
		}
		close(started)
	}()
	err := streams.FromSlice(items).Spill(16, q.Buffer(), decimal{}).ForEach(t.Context(), func(_ context.Context, i int) error {
		<-started
		if len(first) == 1000 {
			return broken
		}
		first = append(first, i)
		return nil
	})
	if !errors.Is(err, broken) {
		t.Fatalf("the first run ended with %v", err)
	}
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	q = openIn(t, dir)
	rest, err := streams.FromSlice[int](nil).Spill(16, q.Buffer(), decimal{}).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := make([]bool, n)
	for _, i := range append(first, rest...) {
		seen[i] = true
	}
	for i := range first {
		if first[i] != i {
			t.Fatalf("item %d of the first run was %d", i, first[i])
		}
	}
	lost := 0
	for _, ok := range seen[:1000+len(rest)/2] {
		if !ok {
			lost++
		}
	}
	if lost > 0 || len(rest) < 1000 {
		t.Errorf("%d lost, the second run had %d", lost, len(rest))
	}
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// gate is a sink that takes nothing until it is opened.
type gate struct {
	open chan struct{}
	mu   sync.Mutex
	text strings.Builder
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.Write(p)
}

func TestAWriterSpillsToDiskWhatItsSinkIsTooSlowFor(t *testing.T) {
	t.Parallel()
	q := openIn(t, t.TempDir())
	sink := &gate{open: make(chan struct{})}
	w, err := writer.New("log", sink, writer.Config{BufferBytes: 64, Buffers: 2, MaxWrite: 64, Overflow: writer.Spill}, writer.WithQueue(q.Backlog()))
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for i := range 500 {
		line := fmt.Sprintf("line %d\n", i)
		want.WriteString(line)
		if _, err := w.WriteString(line); err != nil {
			t.Fatal(err)
		}
	}
	if q.Len() == 0 {
		t.Error("nothing was spilled")
	}
	close(sink.open)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if got := sink.text.String(); got != want.String() {
		t.Errorf("the sink has %d bytes, want %d in order", len(got), want.Len())
	}
	if q.Len() != 0 {
		t.Errorf("%d records are left", q.Len())
	}
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
