package writer_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/writer"
)

func TestCloseWritesWhatIsHeldAndIsIdempotent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		w := newWriter(t, s, small)
		if err := w.Start(t.Context()); err != nil {
			t.Errorf("Start: %v", err)
		}
		write(t, w, 0, 25)
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if err := w.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		}
		all.Wait()
		requireText(t, s, records(0, 24))
		for name, err := range map[string]error{"Start": w.Start(t.Context()), "Write": second(w.Write([]byte("x"))), "an empty Write": second(w.Write(nil)), "a large Write": second(w.Write(make([]byte, 200)))} {
			if !errors.Is(err, core.ErrClosed) {
				t.Errorf("%s after Close: got %v, want it to match core.ErrClosed", name, err)
			}
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Errorf("Flush after Close: %v", err)
		}
	})
}

func second(_ int, err error) error { return err }

func TestStopReturnsAtItsDeadlineWithTheCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, release := &sink{}, make(chan struct{})
		s.then(well, short(35, nil), until(release))
		w := newWriter(t, s, small)
		write(t, w, 0, 35)
		start := time.Now()
		err := w.Stop(within(t, 2*time.Second))
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("Stop took %v, want 2s", d)
		}
		// Ten records, then three and a half were taken.
		requireLost(t, err, writer.Amount{Writes: 22, Bytes: 215}, writer.Amount{}, writer.Amount{}, context.DeadlineExceeded)
		requireBalance(t, w)
		close(release)
		synctest.Wait()
		if again := w.Close(); again != err {
			t.Errorf("Close said %v, Stop %v", again, err)
		}
		if s.called() != 3 {
			t.Errorf("the sink was called %d times, want 3: nothing is written after Stop", s.called())
		}
		requireBalance(t, w)
	})
}

func TestCloseGivesUpADeadSinkWithTheCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := (&sink{}).then(well).then(always(100, badly)...)
		w := newWriter(t, s, small)
		write(t, w, 0, 35)
		err := w.Stop(context.Background())
		requireLost(t, err, amount(25), writer.Amount{}, writer.Amount{}, errDown)
		if got, want := err.Error(), `writer: "access-log": 25 writes (250 bytes) lost: down`; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if s.called() != 4 {
			t.Errorf("the sink was called %d times, want once, and three times in vain", s.called())
		}
	})
}

func TestASinkThatFailsForAWhileLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := (&sink{}).then(short(25, errDown), badly, nothing, lies(false, -1, errDown), short(7, nil), badly)
		w := newWriter(t, s, small)
		write(t, w, 0, 25)
		pass(99 * time.Millisecond)
		if s.called() != 1 {
			t.Errorf("called %d times, want 1", s.called())
		}
		pass(time.Millisecond) // 100, 200, 400 ms
		if s.called() != 2 {
			t.Errorf("called %d times, want 2", s.called())
		}
		if st := requireBalance(t, w); st.Err != errDown || st.Written != (writer.Amount{Writes: 2, Bytes: 25}) {
			t.Errorf("while it fails: %+v", st)
		}
		pass(time.Minute)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		requireText(t, s, records(0, 24))
		if st := requireBalance(t, w); st.Err != nil {
			t.Errorf("after it recovered: %+v", st)
		}
	})
}

func TestWhatASinkLeavesOpenIsNotWrittenTwice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step step
		took bool // all of the first buffer
	}{
		"panics":             {panics, false},
		"says too much":      {more, true},
		"says less than 0":   {lies(true, -1, nil), true},
		"ends its goroutine": {func([]byte) (int, int, error) { runtime.Goexit(); return 0, 0, nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := (&sink{}).then(c.step)
				w := newWriter(t, s, small)
				write(t, w, 0, 25)
				requireLost(t, w.Close(), amount(10), writer.Amount{}, writer.Amount{}, nil)
				want := records(10, 24)
				if c.took {
					want = records(0, 24)
				}
				requireText(t, s, want)
				requireBalance(t, w)
			})
		})
	}
}

func TestMaxAttemptsGivesUpABufferAndGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := (&sink{}).then(short(15, errDown), badly, badly)
		w := newWriter(t, s, with(small, func(c *writer.Config) { c.MaxAttempts = 3 }))
		write(t, w, 0, 25)
		pass(time.Minute)
		requireLost(t, w.Flush(t.Context()), writer.Amount{Writes: 9, Bytes: 85}, writer.Amount{}, writer.Amount{}, errDown)
		requireText(t, s, records(0, 0)+record(1)[:5]+records(10, 24))
	})
}

func TestFlushWaitsUntilAllBeforeItIsWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := (&sink{}).then(slowly(time.Second), slowly(time.Second))
		w := newWriter(t, s, small)
		start := time.Now()
		if err := w.Flush(t.Context()); err != nil || time.Since(start) != 0 {
			t.Errorf("Flush of nothing: %v after %v", err, time.Since(start))
		}
		write(t, w, 0, 15)
		if err := w.Flush(t.Context()); err != nil || time.Since(start) != 2*time.Second {
			t.Errorf("Flush: %v after %v", err, time.Since(start))
		}
		requireText(t, s, records(0, 14))
	})
}

func TestFlushTellsWhatIsNotWrittenYet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := (&sink{}).then(slowly(10*time.Second), badly, badly)
		w := newWriter(t, s, small)
		write(t, w, 0, 15)
		requireLost(t, w.Flush(within(t, time.Second)), writer.Amount{}, amount(15), writer.Amount{}, context.DeadlineExceeded)
		// The sink takes the first buffer, and fails over the second. A Flush tries again at once.
		start := time.Now()
		requireLost(t, w.Flush(context.Background()), writer.Amount{}, amount(5), writer.Amount{}, errDown)
		if d := time.Since(start); d != 9*time.Second {
			t.Errorf("Flush took %v, want 9s", d)
		}
		requireLost(t, w.Flush(context.Background()), writer.Amount{}, amount(5), writer.Amount{}, errDown)
		if err := w.Flush(context.Background()); err != nil || time.Since(start) != 9*time.Second {
			t.Errorf("Flush: %v after %v", err, time.Since(start))
		}
		requireText(t, s, records(0, 14))
	})
}

func TestFlushWhileClosingReturnsWhatCloseDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, release := stuck(t, &sink{}, writer.Block)
		defer close(release)
		go func() { _ = w.Close() }()
		synctest.Wait()
		requireLost(t, w.Flush(within(t, time.Second)), writer.Amount{}, amount(11), writer.Amount{}, context.DeadlineExceeded)
		requireLost(t, w.Flush(context.Background()), amount(11), writer.Amount{}, writer.Amount{}, context.DeadlineExceeded)
	})
}

// retryThrice is a policy that runs a task up to three times, and then says its own.
var retryThrice = core.PolicyFunc(func(ctx context.Context, task core.Task) (err error) {
	for range 3 {
		if err = task(ctx); err == nil {
			return nil
		}
	}
	return err
})

func TestAPolicyGoesOnWhereTheSinkStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := (&sink{}).then(short(15, errDown), short(30, errDown))
		w := newWriter(t, s, small, writer.WithPolicy(retryThrice))
		write(t, w, 0, 10)
		start := time.Now()
		if err := w.Flush(t.Context()); err != nil || time.Since(start) != 0 {
			t.Errorf("Flush: %v after %v", err, time.Since(start))
		}
		requireText(t, s, records(0, 9))
	})
}

func TestAPolicyThatIsWrongLosesNothing(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]core.PolicyFunc{
		"runs nothing, once":        onceOnly(func(context.Context, core.Task) error { return nil }),
		"refuses, once":             onceOnly(func(context.Context, core.Task) error { return core.ErrRejected }),
		"panics, once":              onceOnly(func(context.Context, core.Task) error { panic("policy") }),
		"runs it twice":             func(ctx context.Context, task core.Task) error { _ = task(ctx); return task(ctx) },
		"at the same time":          hedged,
		"returns before it is over": func(ctx context.Context, task core.Task) error { go func() { _ = task(ctx) }(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &sink{}
				w := newWriter(t, s, small, writer.WithPolicy(policy))
				write(t, w, 0, 25)
				pass(time.Minute)
				_ = w.Close()
				st := requireBalance(t, w)
				if name != "returns before it is over" {
					requireText(t, s, records(0, 24))
				} else if int64(len(s.got())) != st.Written.Bytes {
					t.Errorf("the sink has %d bytes, written %v", len(s.got()), st.Written)
				}
			})
		})
	}
}

// onceOnly is p the first time, and then none.
func onceOnly(p core.PolicyFunc) core.PolicyFunc {
	var mu sync.Mutex
	first := true
	return func(ctx context.Context, task core.Task) error {
		mu.Lock()
		do := first
		first = false
		mu.Unlock()
		if do {
			return p(ctx, task)
		}
		return task(ctx)
	}
}

// hedged runs a task twice at the same time.
func hedged(ctx context.Context, task core.Task) error {
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { _ = task(ctx) })
	}
	all.Wait()
	return nil
}

// later is an error that knows when to come back.
type later struct{ after time.Duration }

func (later) Error() string               { return "later" }
func (l later) RetryAfter() time.Duration { return l.after }

func TestASinkThatSaysWhenToComeBackIsHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := (&sink{}).then(short(0, later{3 * time.Second}), short(0, later{time.Hour}))
		w := newWriter(t, s, small)
		write(t, w, 0, 11)
		for _, d := range []time.Duration{3 * time.Second, 5 * time.Second} { // MaxRetryDelay bounds it
			synctest.Wait()
			before := s.called()
			pass(d - time.Millisecond)
			if s.called() != before {
				t.Errorf("the sink was tried again before %v", d)
			}
			pass(time.Millisecond)
			if s.called() != before+1 {
				t.Errorf("the sink was not tried again after %v", d)
			}
		}
	})
}
