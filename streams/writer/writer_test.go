package writer_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/writer"
)

var (
	_ io.WriteCloser  = (*writer.Writer)(nil)
	_ io.StringWriter = (*writer.Writer)(nil)
	_ core.Service    = (*writer.Writer)(nil)
)

// small is a writer of three buffers of ten records that flushes only when told to.
var small = writer.Config{BufferBytes: 100, Buffers: 3, FlushInterval: -1}

// with changes a config.
func with(cfg writer.Config, change func(*writer.Config)) writer.Config {
	change(&cfg)
	return cfg
}

func TestABufferIsWrittenWhenItIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		w := newWriter(t, s, small)
		write(t, w, 0, 10)
		synctest.Wait()
		requireText(t, s, "")
		write(t, w, 10, 1)
		synctest.Wait()
		requireText(t, s, records(0, 9))
	})
}

func TestAWriteWaitsNoLongerThanFlushInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		w := newWriter(t, s, with(small, func(c *writer.Config) { c.FlushInterval = time.Second }))
		pass(10 * time.Second)
		write(t, w, 0, 1)
		pass(900 * time.Millisecond)
		write(t, w, 1, 1)
		pass(99 * time.Millisecond)
		requireText(t, s, "")
		pass(time.Millisecond)
		requireText(t, s, records(0, 1))
		pass(10 * time.Second)
		write(t, w, 2, 1)
		pass(time.Second)
		requireText(t, s, records(0, 2))
		if n := s.called(); n != 2 {
			t.Errorf("the sink was called %d times, want 2", n)
		}
	})
}

func TestWhatWaitsBehindASlowSinkIsWrittenTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := (&sink{}).then(slowly(10 * time.Second))
		w := newWriter(t, s, with(small, func(c *writer.Config) { c.FlushInterval = time.Second }))
		write(t, w, 0, 1)
		pass(time.Second)
		for i := 1; i < 8; i++ {
			write(t, w, i, 1)
			pass(time.Second)
		}
		pass(3 * time.Second)
		requireText(t, s, records(0, 7))
		if n := s.called(); n != 2 {
			t.Errorf("the sink was called %d times, want 2", n)
		}
	})
}

func TestTheCallerMayUseItsSliceAgain(t *testing.T) {
	t.Parallel()
	s := &sink{}
	w := newWriter(t, s, small)
	buf := make([]byte, 10)
	for i := range 50 {
		copy(buf, record(i))
		if _, err := w.Write(buf); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	requireText(t, s, records(0, 49))
}

func TestWriteOfAnySizeIsKeptWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		w := newWriter(t, s, small)
		var want strings.Builder
		for _, n := range []int{0, 1, 99, 100, 101, 1, 250, 300, 0, 100, 7} {
			p := strings.Repeat(string(rune('a'+n%26)), n)
			want.WriteString(p)
			if k, err := w.WriteString(p); k != n || err != nil {
				t.Fatalf("WriteString of %d bytes gave %d, %v", n, k, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		requireText(t, s, want.String())
		if st := requireBalance(t, w); st.Written != (writer.Amount{Writes: 9, Bytes: 959}) {
			t.Errorf("written %v, want 9 writes: empty ones are none", st.Written)
		}
	})
}

func TestAWriteThatIsTooLargeIsRejected(t *testing.T) {
	t.Parallel()
	w := newWriter(t, &sink{}, small)
	_, err := w.Write(make([]byte, 301))
	tooLarge, ok := errors.AsType[*writer.TooLargeError](err)
	if !ok || tooLarge.Bytes != 301 || tooLarge.Max != 300 || !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want a *TooLargeError", err)
	}
	if st := requireBalance(t, w); st.Rejected != (writer.Amount{Writes: 1, Bytes: 301}) {
		t.Errorf("rejected %v", st.Rejected)
	}
}

func TestTinyWritesFillABufferByTheirNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		w := newWriter(t, s, small)
		for range 100 {
			_, _ = w.WriteString("x")
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		requireText(t, s, strings.Repeat("x", 100))
		if n := s.called(); n != 7 {
			t.Errorf("the sink was called %d times, want 7: 16 writes to a buffer", n)
		}
	})
}

func TestManyGoroutinesLoseNothingAndKeepTheirOrder(t *testing.T) {
	t.Parallel()
	for _, overflow := range []writer.Overflow{writer.Block, writer.DropNewest, writer.DropOldest, writer.Spill} {
		t.Run(overflow.String(), func(t *testing.T) {
			t.Parallel()
			for range 8 {
				hammer(t, overflow)
			}
		})
	}
}

// hammer lets eight goroutines write while another flushes, and closes the writer under them.
func hammer(t *testing.T, overflow writer.Overflow) {
	t.Helper()
	var opts []writer.Option
	if overflow == writer.Spill {
		opts = append(opts, writer.WithQueue(&queue{room: 1 << 30}))
	}
	s := (&sink{}).then(short(5, nil), short(11, nil), short(64, nil))
	w := newWriter(t, s, writer.Config{BufferBytes: 256, Buffers: 3, FlushInterval: time.Microsecond, Overflow: overflow}, opts...)
	var all sync.WaitGroup
	half := make(chan struct{})
	for p := range 8 {
		all.Go(func() {
			var buf []byte
			for k := range 200 {
				if p == 0 && k == 100 {
					close(half)
				}
				buf = numbered(buf, p, k, (k*7+p)%60)
				_, _ = w.Write(buf)
				clear(buf)
			}
		})
	}
	all.Go(func() {
		for w.Start(t.Context()) == nil {
			_ = w.Flush(t.Context())
		}
	})
	all.Go(func() {
		<-half
		_ = w.Close()
	})
	all.Wait()
	_ = w.Close()
	st := requireBalance(t, w)
	n := requireOrder(t, s.got())
	if st.Buffered != (writer.Amount{}) || st.Lost != (writer.Amount{}) || int64(n) != st.Written.Writes || int64(len(s.got())) != st.Written.Bytes {
		t.Errorf("the sink has %d writes of %d bytes: %+v", n, len(s.got()), st)
	}
	if overflow != writer.DropOldest && st.Dropped != (writer.Amount{}) {
		t.Errorf("dropped %v", st.Dropped)
	}
}

func TestBuffersOfManyBlocksKeepEveryByte(t *testing.T) {
	t.Parallel()
	s := &sink{}
	w := newWriter(t, s, writer.Config{BufferBytes: 50_000, Buffers: 3})
	var all sync.WaitGroup
	for p := range 4 {
		all.Go(func() {
			var buf []byte
			for k := range 150 {
				buf = numbered(buf, p, k, k*7)
				_, _ = w.Write(buf)
			}
		})
	}
	all.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if n := requireOrder(t, s.got()); n != 600 {
		t.Errorf("the sink has %d whole writes, want 600", n)
	}
}

func TestWriteDoesNotAllocate(t *testing.T) {
	block := newWriter(t, &sink{}, writer.Config{BufferBytes: 4096})
	stuck, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	full := newWriter(t, (&sink{}).then(func(p []byte) (int, int, error) {
		close(stuck)
		<-release
		return well(p)
	}), with(small, func(c *writer.Config) { c.Overflow = writer.DropOldest }))
	write(t, full, 0, 11)
	<-stuck
	p := []byte(record(1))
	for name, w := range map[string]*writer.Writer{"written": block, "dropped": full} {
		if n := testing.AllocsPerRun(1000, func() { _, _ = w.Write(p) }); n != 0 && (name == "dropped" || n > 0.5) {
			t.Errorf("%s: a Write makes %v allocations", name, n)
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = w.WriteString("record") }); n != 0 {
			t.Errorf("%s: a WriteString makes %v allocations", name, n)
		}
	}
}

func TestNameAndBoundsAreTold(t *testing.T) {
	t.Parallel()
	w := newWriter(t, &sink{}, small)
	if got, want := fmt.Sprint(w.Name(), "; ", w), `access-log; writer "access-log": 3 buffers of 100 bytes, block`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
