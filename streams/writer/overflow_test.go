package writer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/writer"
)

// stuck makes a writer whose sink blocks until release, with the first buffer in its hands.
func stuck(t testing.TB, s *sink, overflow writer.Overflow, opts ...writer.Option) (w *writer.Writer, release chan struct{}) {
	t.Helper()
	release = make(chan struct{})
	s.then(until(release))
	w = newWriter(t, s, with(small, func(c *writer.Config) { c.Overflow = overflow }), opts...)
	write(t, w, 0, 11)
	synctest.Wait()
	return w, release
}

func TestBlockWaitsForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		w, release := stuck(t, s, writer.Block)
		write(t, w, 11, 19)
		done := make(chan struct{})
		go func() {
			defer close(done)
			write(t, w, 30, 1)
		}()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("Write returned though there is no room")
		default:
		}
		close(release)
		<-done
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		requireText(t, s, records(0, 30))
	})
}

func TestBlockReturnsTheErrorOfASinkThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := (&sink{}).then(slowly(time.Second)).then(always(3, badly)...)
		w := newWriter(t, s, small)
		write(t, w, 0, 40)
		_, err := w.WriteString(record(40)) // waits, until the second buffer fails
		full, ok := errors.AsType[*writer.FullError](err)
		if !ok || !errors.Is(err, errDown) || !errors.Is(err, core.ErrRejected) || full.Capacity != 300 {
			t.Fatalf("got %v, want a *FullError because of %v", err, errDown)
		}
		pass(time.Second)
		write(t, w, 40, 1)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		requireText(t, s, records(0, 40))
	})
}

func TestCloseEndsTheWaitForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, release := stuck(t, &sink{}, writer.Block)
		write(t, w, 11, 19)
		errs := make(chan error, 2)
		go func() { _, err := w.WriteString(record(30)); errs <- err }()
		go func() { _, err := w.Write(make([]byte, 290)); errs <- err }()
		synctest.Wait()
		go func() { _ = w.Close() }()
		if err := <-errs; err != nil && !errors.Is(err, core.ErrClosed) {
			t.Errorf("got %v, want it accepted or closed", err)
		}
		if err := <-errs; err != nil && !errors.Is(err, core.ErrClosed) {
			t.Errorf("got %v, want it accepted or closed", err)
		}
		close(release)
	})
}

func TestDropNewestRejectsAndTellsTheHook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told writer.Amount
		s := &sink{}
		w, release := stuck(t, s, writer.DropNewest, writer.WithHook(func(l writer.Loss) {
			if _, ok := errors.AsType[*writer.FullError](l.Err); !ok || l.Outcome != writer.Rejected || l.Writer != "access-log" {
				t.Errorf("the hook was told %+v", l)
			}
			told.Writes += l.Writes
			told.Bytes += l.Bytes
			panic("of the hook")
		}))
		write(t, w, 11, 19)
		for i := range 5 {
			if n, err := w.WriteString(record(30 + i)); n != 0 || !errors.Is(err, core.ErrRejected) {
				t.Errorf("got %d, %v, want it rejected", n, err)
			}
		}
		close(release)
		if err := w.Close(); err != nil {
			t.Errorf("Close: %v; what was rejected was told to who wrote it", err)
		}
		requireText(t, s, records(0, 29))
		if st := requireBalance(t, w); st.Rejected != amount(5) || told != st.Rejected {
			t.Errorf("rejected %v, the hook was told %v, want 5 writes", st.Rejected, told)
		}
	})
}

func TestDropOldestMakesRoomAndReportsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		s := &sink{}
		w, release := stuck(t, s, writer.DropOldest, writer.WithHook(func(l writer.Loss) {
			told = append(told, fmt.Sprintf("%v %v %v", l.Outcome, l.Amount, l.Err))
		}))
		write(t, w, 11, 49)
		close(release)
		requireLost(t, w.Flush(t.Context()), amount(30), writer.Amount{}, writer.Amount{}, nil)
		if err := w.Flush(t.Context()); err != nil {
			t.Errorf("the second Flush: %v; a loss is reported once", err)
		}
		err := w.Close()
		requireLost(t, err, amount(30), writer.Amount{}, writer.Amount{}, nil)
		if got := core.ErrorType(err); got != core.TypeQueueFull {
			t.Errorf("its class is %s", got)
		}
		requireText(t, s, records(0, 9)+records(40, 59))
		if got := strings.Join(told, "; "); got != strings.TrimSuffix(strings.Repeat("dropped 10 writes (100 bytes) <nil>; ", 3), "; ") {
			t.Errorf("the hook was told %s", got)
		}
	})
}

func TestDropOldestMakesRoomForLargeWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		w, release := stuck(t, s, writer.DropOldest)
		large := func(b byte) []byte { return []byte(strings.Repeat(string(b), 200)) }
		for _, b := range []byte("abc") {
			if _, err := w.Write(large(b)); err != nil {
				t.Fatal(err)
			}
		}
		close(release)
		requireLost(t, w.Close(), writer.Amount{Writes: 3, Bytes: 410}, writer.Amount{}, writer.Amount{}, nil)
		requireText(t, s, records(0, 9)+string(large('c')))
	})
}

func TestLargeWritesThatHoldMaxWriteWaitOrAreRejected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, release := stuck(t, &sink{}, writer.DropNewest)
		if _, err := w.Write(make([]byte, 200)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 101)); !errors.Is(err, core.ErrRejected) {
			t.Errorf("got %v, want it rejected: 301 bytes would be kept besides the buffers", err)
		}
		close(release)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTenfoldOverloadStaysUnderTheCap(t *testing.T) {
	t.Parallel()
	for _, overflow := range []writer.Overflow{writer.Block, writer.DropNewest, writer.DropOldest, writer.Spill} {
		t.Run(overflow.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { overload(t, overflow) })
		})
	}
}

// overload writes for 30 s at 100 KB/s to a sink that takes 10.
func overload(t *testing.T, overflow writer.Overflow) {
	t.Helper()
	s := (&sink{}).then(always(1<<16, func(p []byte) (int, int, error) {
		<-time.After(time.Duration(len(p)) * 100 * time.Microsecond)
		return well(p)
	})...)
	q := &queue{room: 1 << 30}
	var opts []writer.Option
	if overflow == writer.Spill {
		opts = append(opts, writer.WithQueue(q))
	}
	cfg := writer.Config{BufferBytes: 1000, Buffers: 4, Overflow: overflow, CloseTimeout: time.Hour}
	w := newWriter(t, s, cfg, opts...)
	var accepted int64
	for start := time.Now(); time.Since(start) < 30*time.Second; <-time.After(10 * time.Millisecond) {
		for range 100 {
			if _, err := w.WriteString(record(1)); err == nil {
				accepted++
			}
		}
		if st := requireBalance(t, w); st.Buffered.Bytes > 4000 {
			t.Fatalf("%v are held, the cap is 4000 bytes", st.Buffered)
		}
	}
	err := w.Close()
	st := requireBalance(t, w)
	if st.Accepted != amount(accepted) || int64(len(s.got())) != st.Written.Bytes || st.Lost != (writer.Amount{}) {
		t.Errorf("%d accepted, the sink has %d bytes: %+v", accepted, len(s.got()), st)
	}
	if overflow == writer.DropOldest {
		requireLost(t, err, st.Dropped, writer.Amount{}, writer.Amount{}, nil)
	} else if err != nil || st.Dropped != (writer.Amount{}) {
		t.Errorf("Close: %v, dropped %v", err, st.Dropped)
	}
}

func TestOverflowReadsAndPrintsAsText(t *testing.T) {
	t.Parallel()
	for o := writer.Block; o <= writer.Spill; o++ {
		text, err := o.MarshalText()
		got := writer.Overflow(9)
		if err != nil || got.UnmarshalText(text) != nil || got != o {
			t.Errorf("%v reads back as %v", o, got)
		}
	}
	var o writer.Overflow = 3
	if err := o.UnmarshalText(nil); err != nil || o != writer.Block {
		t.Errorf("no text reads as %v, %v", o, err)
	}
	if err := o.UnmarshalText([]byte("explode")); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want it invalid", err)
	}
	if got := writer.Overflow(9).String(); got != "Overflow(9)" {
		t.Errorf("got %s", got)
	}
}
