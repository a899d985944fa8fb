package writer_test

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/streams/writer"
)

// These are what a sink may do, by name. Those in unsure leave open how much was written. No sink returns at the very
// moment a deadline passes, or what it says may be too late.
var (
	honest = map[string]step{
		"well": well, "fails": badly, "nothing": nothing, "slow": slowly(150*time.Millisecond + 1),
		"short": short(7, nil), "short and fails": short(13, errDown), "all and fails": short(1<<20, errDown),
		"system call": lies(false, -1, errDown), "very slow": slowly(20*time.Second + time.Microsecond),
	}
	unsure = map[string]step{
		"panics": panics, "negative": lies(true, -1, nil), "negative, nothing": lies(false, -3, nil), "more": more,
		"more, fails": lies(false, 1<<20, errDown), "goexit": func([]byte) (int, int, error) { runtime.Goexit(); return 0, 0, nil },
	}
)

// drawSteps draws what the sink does; sure says that all of it is honest.
func drawSteps(rt *rapid.T) (steps []step, sure bool) {
	sure = rapid.Bool().Draw(rt, "honest")
	names := slices.Sorted(maps.Keys(honest))
	if !sure {
		names = append(names, slices.Sorted(maps.Keys(unsure))...)
	}
	for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 0, 40).Draw(rt, "sink") {
		s, ok := honest[name]
		if !ok {
			s = unsure[name]
		}
		steps = append(steps, s)
	}
	return steps, sure
}

// model is a writer, and what is known of it from outside.
type model struct {
	rt       *rapid.T
	w        *writer.Writer
	sink     *sink
	queue    *queue
	next     [3]int // of each producer
	buf      []byte // used again for every write
	accepted writer.Amount

	mu     sync.Mutex // the hook is called by several goroutines
	hooked map[writer.Outcome]writer.Amount
}

func drawConfig(rt *rapid.T) writer.Config {
	return writer.Config{
		BufferBytes:   rapid.SampledFrom([]int{64, 100, 256}).Draw(rt, "buffer"),
		Buffers:       rapid.IntRange(2, 4).Draw(rt, "buffers"),
		FlushInterval: rapid.SampledFrom([]time.Duration{-1, 50 * time.Millisecond}).Draw(rt, "interval"),
		Overflow:      writer.Overflow(rapid.IntRange(0, int(writer.Spill)).Draw(rt, "overflow")),
		MaxAttempts:   rapid.SampledFrom([]int{0, 0, 2}).Draw(rt, "attempts"),
	}
}

func newModel(rt *rapid.T) (m *model, sure bool) {
	steps, sure := drawSteps(rt)
	m = &model{rt: rt, sink: (&sink{}).then(steps...), queue: &queue{}, hooked: map[writer.Outcome]writer.Amount{}}
	cfg := drawConfig(rt)
	opts := []writer.Option{writer.WithHook(func(l writer.Loss) {
		m.mu.Lock()
		defer m.mu.Unlock()
		a := m.hooked[l.Outcome]
		m.hooked[l.Outcome] = writer.Amount{Writes: a.Writes + l.Writes, Bytes: a.Bytes + l.Bytes}
	})}
	if cfg.Overflow == writer.Spill {
		m.queue.room = rapid.SampledFrom([]int{1 << 20, 5}).Draw(rt, "queue")
		opts = append(opts, writer.WithQueue(m.queue))
	}
	w, err := writer.New("model", m.sink, cfg, opts...)
	if err != nil {
		rt.Fatal(err)
	}
	m.w = w
	return m, sure
}

func (m *model) write(rt *rapid.T) {
	p := rapid.IntRange(0, len(m.next)-1).Draw(rt, "producer")
	size := rapid.SampledFrom([]int{0, 1, 20, 40, 90, 300}).Draw(rt, "size")
	m.buf = numbered(m.buf, p, m.next[p], size)
	m.next[p]++
	n, err := m.w.Write(m.buf)
	switch {
	case err == nil && n == len(m.buf):
		m.accepted.Writes++
		m.accepted.Bytes += int64(n)
	case err == nil || n != 0:
		rt.Fatalf("Write gave %d, %v for %d bytes", n, err, len(m.buf))
	}
	for i := range m.buf {
		m.buf[i] = '#'
	}
}

func (m *model) flush(rt *rapid.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := m.w.Flush(ctx)
	if _, ok := errors.AsType[*writer.LostError](err); err != nil && !ok {
		rt.Fatalf("Flush: %v", err)
	}
}

func TestAcceptedIsWrittenPlusReported(t *testing.T) {
	t.Parallel()
	checkInBubbles(t, func(rt *rapid.T) {
		m, sure := newModel(rt)
		defer func() {
			_ = m.w.Close()
			<-time.After(time.Hour) // sinks that still block return
		}()
		rt.Repeat(map[string]func(*rapid.T){
			"write": m.write,
			"again": m.write,
			"more":  m.write,
			"flush": m.flush,
			"wait":  func(*rapid.T) { <-time.After(200 * time.Millisecond) },
			"":      func(*rapid.T) { requireBalance(t, m.w) },
		})
		m.end(t, sure)
	})
}

// checkInBubbles is rapid.Check with a bubble for each case.
func checkInBubbles(t *testing.T, f func(t *rapid.T)) {
	t.Helper()
	rapid.Check(t, func(r *rapid.T) {
		var stopped any // rapid ends a case by a panic
		synctest.Test(t, func(*testing.T) {
			defer func() { stopped = recover() }()
			f(r)
		})
		if stopped != nil {
			panic(stopped)
		}
	})
}

// end closes the writer and settles the account.
func (m *model) end(t *testing.T, sure bool) {
	t.Helper()
	err := m.w.Close()
	s := requireBalance(t, m.w)
	if s.Accepted != m.accepted || s.Buffered != (writer.Amount{}) {
		m.rt.Fatalf("accepted %v and %v held, want %v and none: %+v", s.Accepted, s.Buffered, m.accepted, s)
	}
	missing := writer.Amount{Writes: s.Accepted.Writes - s.Written.Writes, Bytes: s.Accepted.Bytes - s.Written.Bytes}
	var reported writer.Amount
	if e, ok := errors.AsType[*writer.LostError](err); ok {
		reported = writer.Amount{Writes: e.Lost.Writes + e.Kept.Writes, Bytes: e.Lost.Bytes + e.Kept.Bytes}
	}
	if reported != missing {
		m.rt.Fatalf("Close reported %v (%v), want %v", reported, err, missing)
	}
	m.mu.Lock()
	told := maps.Clone(m.hooked)
	m.mu.Unlock()
	if told[writer.Lost] != s.Lost || told[writer.Dropped] != s.Dropped || told[writer.Rejected] != s.Rejected {
		m.rt.Fatalf("the hook was told %v, the counts are %+v", told, s)
	}
	if s.Spilled.Writes != int64(m.queue.Len()) {
		m.rt.Fatalf("%d writes in the queue, counted %v", m.queue.Len(), s.Spilled)
	}
	text := m.sink.got()
	n := requireOrder(m.rt, text)
	if sure && (int64(len(text)) != s.Written.Bytes || int64(n) != s.Written.Writes) {
		m.rt.Fatalf("the sink has %d writes (%d bytes), counted %v", n, len(text), s.Written)
	}
	if int64(len(text)) < s.Written.Bytes {
		m.rt.Fatalf("the sink has %d bytes, counted %v", len(text), s.Written)
	}
	_, err = m.w.Write([]byte("late"))
	if _, ok := errors.AsType[*writer.ClosedError](err); !ok {
		m.rt.Fatalf("Write after Close: %v", err)
	}
	<-time.After(time.Minute)
	if got := m.sink.got(); len(got) > len(text)+400 {
		m.rt.Fatalf("after Close the sink got %d bytes more", len(got)-len(text))
	}
}
