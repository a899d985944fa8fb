package lease_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
)

func TestTryAcquireSaysHowLongTheKeyIsHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocker(t, lease.NewMemory(), short)
		le := acquire(t.Context(), t, l, "report")
		pass(time.Second)
		_, err := l.TryAcquire(t.Context(), "report")
		var held *lease.HeldError
		if !errors.As(err, &held) || held.Key != "report" || held.Done || held.Remaining != 8500*time.Millisecond {
			t.Fatalf("got %v", err)
		}
		after, ok := core.RetryAfter(err)
		if !errors.Is(err, core.ErrRejected) || errors.Is(err, lease.ErrDone) || !ok || after != held.Remaining ||
			core.ErrorType(err) != core.TypeRateLimited {
			t.Errorf("got %v, class %q", err, core.ErrorType(err))
		}
		if want := `lease: "jobs": "report" is held, for another 8.5s unless that changes`; err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
		release(t, le)
		again, err := l.TryAcquire(t.Context(), "report")
		if err != nil || again.Token() <= le.Token() || again.Key() != "report" {
			t.Fatalf("got %v and token %d after %d", err, again.Token(), le.Token())
		}
		release(t, again)
		if s := l.Stats(); s.Granted != 2 || s.Held != 1 || s.Released != 2 || s.Active != 0 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestWaiterHasTheKeyWhenItIsReleased(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		store lease.Store
		most  time.Duration
	}{
		{"at once, from a store that tells it", lease.NewMemory(), 0},
		{"within Poll, from one that does not", &faulty{Store: lease.NewMemory()}, 475 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLocker(t, c.store, short)
				first := acquire(t.Context(), t, l, "report")
				time.AfterFunc(time.Minute, func() { release(t, first) })
				began := time.Now()
				second := acquire(t.Context(), t, l, "report")
				if waited := time.Since(began) - time.Minute; waited < 0 || waited > c.most {
					t.Errorf("waited %v longer than the key was held, want at most %v", waited, c.most)
				}
				release(t, second)
			})
		})
	}
}

func TestWaiterTakesOverFromADeadHolder(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]lease.Store{"told": lease.NewMemory(), "polling": &faulty{Store: lease.NewMemory()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLocker(t, store, short)
				if g, err := store.Acquire(t.Context(), "report", "dead", short.TTL); err != nil || g.State != lease.Granted {
					t.Fatal(g, err)
				}
				began := time.Now()
				le := acquire(t.Context(), t, l, "report")
				if took := time.Since(began); took < short.TTL || took > short.TTL+100*time.Millisecond {
					t.Errorf("took over after %v, want a little more than %v", took, short.TTL)
				}
				release(t, le)
			})
		})
	}
}

func TestAcquireEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocker(t, lease.NewMemory(), short)
		first := acquire(t.Context(), t, l, "report")
		defer release(t, first)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := l.Acquire(ctx, "report")
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, core.ErrRejected) || time.Since(began) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		if want := `lease: "jobs": waiting for "report": context deadline exceeded`; err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
		if s := l.Stats(); s.Cancelled != 1 || s.Waiting != 0 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestTooManyWaitersAreRejected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := short
		cfg.MaxWaiters = 2
		l := newLocker(t, lease.NewMemory(), cfg)
		first := acquire(t.Context(), t, l, "report")
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if le, err := l.Acquire(t.Context(), "report"); err == nil {
					release(t, le)
				}
			})
		}
		synctest.Wait()
		_, err := l.Acquire(t.Context(), "report")
		if !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeQueueFull || !strings.Contains(err.Error(), "2 wait already") {
			t.Errorf("got %v, class %q", err, core.ErrorType(err))
		}
		if got := l.Stats().Waiting; got != 2 {
			t.Errorf("%d wait, want 2", got)
		}
		release(t, first)
		wg.Wait()
	})
}

func TestAcquireRidesOutAStoreThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		time.AfterFunc(time.Minute, func() { up.Store(true) })
		errDown := errors.New("connection refused")
		store := &faulty{Store: lease.NewMemory()}
		store.acquire = func(ctx context.Context, next func(context.Context) (lease.Grant, error)) (lease.Grant, error) {
			if !up.Load() {
				return lease.Grant{}, errDown
			}
			return next(ctx)
		}
		l := newLocker(t, store, short)
		_, err := l.TryAcquire(t.Context(), "report")
		var failed *lease.StoreError
		if !errors.As(err, &failed) || !errors.Is(err, errDown) || core.ErrorType(err) != core.TypeUnavailable || errors.Is(err, core.ErrRejected) {
			t.Errorf("got %v, class %q", err, core.ErrorType(err))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err = l.Acquire(ctx, "report"); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errDown) {
			t.Errorf("got %v, want the end of the context and the store's error", err)
		}
		release(t, acquire(t.Context(), t, l, "report"))
		if s := l.Stats(); s.Failed != 2 || s.Granted != 1 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestKeyIsTakenBackWhenTheAnswerWasLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("connection reset")
		answers := 0
		store := &faulty{Store: lease.NewMemory()}
		store.acquire = func(ctx context.Context, next func(context.Context) (lease.Grant, error)) (lease.Grant, error) {
			if answers++; answers <= 2 {
				_, _ = next(ctx)
				return lease.Grant{}, lost
			}
			return next(ctx)
		}
		l := newLocker(t, store, short)
		if _, err := l.TryAcquire(t.Context(), "report"); !errors.Is(err, lost) {
			t.Fatalf("got %v", err)
		}
		began := time.Now()
		le := acquire(t.Context(), t, l, "report") // its first answer is lost, too
		if took := time.Since(began); took > time.Second {
			t.Errorf("a lost answer locked the key for %v", took)
		}
		release(t, le)
	})
}

func TestAnswerThatComesTooLateIsNotTrusted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &faulty{Store: lease.NewMemory()}
		store.acquire = func(ctx context.Context, next func(context.Context) (lease.Grant, error)) (lease.Grant, error) {
			g, err := next(ctx)
			pass(9 * time.Second) // deaf to ctx, as a process that stands still
			return g, err
		}
		l := newLocker(t, store, short)
		_, err := l.TryAcquire(t.Context(), "report")
		if core.ErrorType(err) != core.TypeTimeout {
			t.Fatalf("got %v, class %q", err, core.ErrorType(err))
		}
		if g, err := store.Store.Acquire(t.Context(), "report", "next", time.Second); err != nil || g.State != lease.Granted {
			t.Errorf("the key was not given back: %+v, %v", g, err)
		}
	})
}

func TestKeysMayBeLongButNotEmpty(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		longest := 0
		store := keysOf{lease.NewMemory(), func(key string) { longest = max(longest, len(key)) }}
		l := newLocker(t, store, short)
		if _, err := l.TryAcquire(t.Context(), ""); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("an empty key: got %v", err)
		}
		long := strings.Repeat("k", 1<<20)
		a, b := acquire(t.Context(), t, l, long+"a"), acquire(t.Context(), t, l, long+"b")
		if _, err := l.TryAcquire(t.Context(), long+"a"); !errors.Is(err, core.ErrRejected) || len(err.Error()) > 300 {
			t.Errorf("got an error of %d bytes", len(err.Error()))
		}
		if longest > 256 {
			t.Errorf("the store saw a key of %d bytes", longest)
		}
		release(t, a)
		release(t, b)
	})
}

// keysOf is a store that shows the keys it is asked for.
type keysOf struct {
	lease.Store
	see func(key string)
}

func (k keysOf) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (lease.Grant, error) {
	k.see(key)
	k.see(owner)
	return k.Store.Acquire(ctx, key, owner, ttl)
}

func TestMemoryForgetsWhatIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := lease.NewMemory()
		for i := range 10_000 {
			key := strings.Repeat("k", i%250+1) + string(rune(i))
			if _, err := m.Acquire(t.Context(), key, "ann", time.Millisecond); err != nil {
				t.Fatal(err)
			}
			pass(10 * time.Microsecond)
		}
		if got := m.Len(); got > 250 { // 100 are held at any time
			t.Errorf("%d keys are kept, want about 200", got)
		}
	})
}

func TestLockerSaysWhatItIs(t *testing.T) {
	t.Parallel()
	l := newLocker(t, lease.NewMemory(), short)
	if got := l.String(); l.Name() != "jobs" || got != `locker "jobs": leases of 9.5s` {
		t.Errorf("got %q and %q", l.Name(), got)
	}
}
