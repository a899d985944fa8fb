package lease_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
)

func TestLeaseRenewsItselfUntilItIsReleased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocker(t, lease.NewMemory(), short)
		le := acquire(t.Context(), t, l, "report")
		pass(time.Hour)
		if err := le.Err(); err != nil || le.Context().Err() != nil {
			t.Errorf("after an hour: %v", err)
		}
		if s := l.Stats(); s.Renewed < 1000 || s.Renewed > 1400 || s.Active != 1 {
			t.Errorf("got %+v, want a renewal each 3 s", s)
		}
		release(t, le)
		if err := le.Err(); !errors.Is(err, lease.ErrReleased) || le.Context().Err() == nil || core.ErrorType(err) != core.TypeCanceled {
			t.Errorf("released: %v", err)
		}
		if err := le.Release(t.Context()); err != nil {
			t.Errorf("released again: %v", err)
		}
	})
}

// What fails a renewal, and when the context must have ended at the latest: before the store's own time is over.
func TestContextEndsBeforeTheLeaseDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		extend func(ctx context.Context, next func(context.Context) (bool, error)) (bool, error)
		want   error
		least  time.Duration
		most   time.Duration
	}{
		{
			"the store hangs",
			func(ctx context.Context, _ func(context.Context) (bool, error)) (bool, error) {
				return false, hang(ctx)
			},
			lease.ErrExpired, 9 * time.Second, 9 * time.Second,
		},
		{
			"the store fails",
			func(context.Context, func(context.Context) (bool, error)) (bool, error) {
				return false, errors.New("down")
			},
			lease.ErrExpired, 9 * time.Second, 9 * time.Second,
		},
		{
			"the store panics",
			func(context.Context, func(context.Context) (bool, error)) (bool, error) { panic("store") },
			lease.ErrExpired, 9 * time.Second, 9 * time.Second,
		},
		{
			"the answer is lost, though it was carried out",
			func(ctx context.Context, next func(context.Context) (bool, error)) (bool, error) {
				_, _ = next(ctx)
				return true, errors.New("reset")
			},
			lease.ErrExpired, 9 * time.Second, 9 * time.Second,
		},
		{
			"the store says that it is another's",
			func(context.Context, func(context.Context) (bool, error)) (bool, error) { return false, nil },
			lease.ErrLost, 2500 * time.Millisecond, 3200 * time.Millisecond,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLocker(t, &faulty{Store: lease.NewMemory(), extend: c.extend}, short)
				began := time.Now()
				le := acquire(t.Context(), t, l, "report")
				<-le.Context().Done()
				if took := time.Since(began); took < c.least || took > c.most {
					t.Errorf("ended after %v, want from %v to %v", took, c.least, c.most)
				}
				cause := context.Cause(le.Context())
				var ended *lease.EndedError
				if !errors.As(cause, &ended) || !errors.Is(cause, c.want) || ended.Token != le.Token() || le.Err() != cause {
					t.Errorf("the cause is %v, want %v", cause, c.want)
				}
				if core.ErrorType(cause) != core.TypeUnavailable {
					t.Errorf("class %q", core.ErrorType(cause))
				}
				if err := le.Release(t.Context()); !errors.Is(err, c.want) {
					t.Errorf("Release gave %v, want %v", err, c.want)
				}
				synctest.Wait() // who ended it counts after that
				if s := l.Stats(); s.Active != 0 || s.Released != 0 || s.Lost+s.Expired != 1 {
					t.Errorf("got %+v", s)
				}
			})
		})
	}
}

func TestFailedRenewalsAreTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		store := &faulty{Store: lease.NewMemory()}
		store.extend = func(ctx context.Context, next func(context.Context) (bool, error)) (bool, error) {
			if asked++; asked%10 != 0 {
				return false, errors.New("down")
			}
			return next(ctx)
		}
		l := newLocker(t, store, short)
		le := acquire(t.Context(), t, l, "report")
		pass(10 * time.Minute)
		if s := l.Stats(); le.Err() != nil || s.Unanswered < 9*s.Renewed || s.Renewed < 100 {
			t.Errorf("%v, %+v", le.Err(), s)
		}
		release(t, le)
	})
}

func TestTrustIsCountedFromBeforeTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &faulty{Store: lease.NewMemory()}
		slow := func() { pass(900 * time.Millisecond) } // of the 1 s there is
		store.acquire = func(ctx context.Context, next func(context.Context) (lease.Grant, error)) (lease.Grant, error) {
			defer slow()
			return next(ctx)
		}
		store.extend = func(ctx context.Context, _ func(context.Context) (bool, error)) (bool, error) {
			return false, hang(ctx)
		}
		began := time.Now()
		le := acquire(t.Context(), t, newLocker(t, store, short), "report")
		<-le.Context().Done()
		if took := time.Since(began); took != 9*time.Second {
			t.Errorf("trusted for %v from when it was asked for, want 9s", took)
		}
		_ = le.Release(t.Context())
	})
}

func TestEndOfTheCallersContextEndsTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		l := newLocker(t, lease.NewMemory(), short)
		ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "v"))
		le := acquire(ctx, t, l, "report")
		if le.Context().Value(key{}) != "v" {
			t.Error("the values of the caller's context are gone")
		}
		why := errors.New("why")
		cancel(why)
		if !errors.Is(le.Err(), why) || !errors.Is(le.Context().Err(), context.Canceled) {
			t.Errorf("got %v", le.Err())
		}
		if err := le.Release(ctx); err != nil { // ctx has ended, and the key is freed all the same
			t.Error(err)
		}
		release(t, acquire(t.Context(), t, l, "report"))
		if s := l.Stats(); s.Released != 2 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestForgottenLeaseEndsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocker(t, lease.NewMemory(), short)
		ctx, cancel := context.WithCancel(t.Context())
		_ = acquire(ctx, t, l, "report")
		pass(time.Minute)
		cancel()
		began := time.Now()
		release(t, acquire(t.Context(), t, l, "report"))
		if took := time.Since(began); took > short.TTL+100*time.Millisecond {
			t.Errorf("the key was free after %v", took)
		}
		if s := l.Stats(); s.Active != 0 || s.Expired != 1 {
			t.Errorf("got %+v", s)
		}
	})
}

// A machine that was suspended goes on with a monotonic clock that did not move, and a wall clock that did.
func TestSuspendedMachineFindsItsLeaseExpired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocker(t, lease.NewMemory(), short)
		var skipped atomic.Int64
		l.SetWall(func() int64 { return time.Now().UnixNano() + skipped.Load() })
		le := acquire(t.Context(), t, l, "report")
		skipped.Store(int64(-time.Hour)) // set back: the monotonic clock says what has passed
		pass(time.Minute)
		if err := le.Err(); err != nil {
			t.Fatalf("the wall clock was set back: %v", err)
		}
		skipped.Store(int64(time.Hour))
		child, cancel := context.WithCancel(le.Context())
		defer cancel()
		if err := le.Context().Err(); !errors.Is(err, context.Canceled) || !errors.Is(context.Cause(le.Context()), lease.ErrExpired) {
			t.Errorf("on resume: %v, cause %v", err, context.Cause(le.Context()))
		}
		if child.Err() == nil || !errors.Is(context.Cause(child), lease.ErrExpired) {
			t.Errorf("on resume, a context made of it: %v", context.Cause(child))
		}
		_ = le.Release(t.Context())
	})
}

func TestSuspendedMachineThatAsksNothingIsToldByTheNextRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocker(t, lease.NewMemory(), short)
		var skipped atomic.Int64
		l.SetWall(func() int64 { return time.Now().UnixNano() + skipped.Load() })
		le := acquire(t.Context(), t, l, "report")
		skipped.Store(int64(time.Hour))
		began := time.Now()
		<-le.Context().Done()
		if took := time.Since(began); took > short.TTL/3 {
			t.Errorf("told after %v, want at most a third of TTL", took)
		}
		_ = le.Release(t.Context())
	})
}

func TestReleaseTellsWhatTheStoreDid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		release func(ctx context.Context, next func(context.Context) (bool, error)) (bool, error)
		want    error
		stats   func(s lease.Stats) int64
	}{
		{
			"it hangs", func(ctx context.Context, _ func(context.Context) (bool, error)) (bool, error) {
				return false, hang(ctx)
			},
			context.DeadlineExceeded, func(s lease.Stats) int64 { return s.Abandoned },
		},
		{
			"it says that the lease is another's", func(context.Context, func(context.Context) (bool, error)) (bool, error) { return false, nil },
			lease.ErrLost, func(s lease.Stats) int64 { return s.Lost },
		},
		{
			"it frees the key", nil, nil, func(s lease.Stats) int64 { return s.Released },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLocker(t, &faulty{Store: lease.NewMemory(), release: c.release}, short)
				le := acquire(t.Context(), t, l, "report")
				began := time.Now()
				err := le.Release(t.Context())
				if !errors.Is(err, c.want) || time.Since(began) > time.Second {
					t.Errorf("got %v after %v, want %v", err, time.Since(began), c.want)
				}
				if !errors.Is(le.Err(), lease.ErrReleased) {
					t.Errorf("the lease says %v", le.Err())
				}
				if s := l.Stats(); c.stats(s) != 1 || s.Active != 0 {
					t.Errorf("got %+v", s)
				}
			})
		})
	}
}

func TestReleaseEndsARenewalThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &faulty{Store: lease.NewMemory()}
		inside := make(chan struct{})
		var returned atomic.Bool
		store.extend = func(ctx context.Context, _ func(context.Context) (bool, error)) (bool, error) {
			defer returned.Store(true)
			close(inside)
			return false, hang(ctx)
		}
		le := acquire(t.Context(), t, newLocker(t, store, short), "report")
		<-inside
		began := time.Now()
		release(t, le)
		if took := time.Since(began); took != 0 || !returned.Load() {
			t.Errorf("took %v, and the renewal is over: %v", took, returned.Load())
		}
	})
}

func TestStaleWritesAreRefusedAfterEveryTakeOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// The leader stands still for three times TTL, 50 times: the resource refuses all it writes then.
		store := lease.NewMemory()
		var highest, accepted, stale uint64
		write := func(token uint64) {
			if token < highest {
				stale++
				return
			}
			highest = token
			accepted++
		}
		for range 50 {
			cut := &faulty{Store: store, extend: func(ctx context.Context, _ func(context.Context) (bool, error)) (bool, error) {
				return false, hang(ctx)
			}}
			first := acquire(t.Context(), t, newLocker(t, cut, short), "leader")
			write(first.Token())
			began := time.Now()
			second := acquire(t.Context(), t, newLocker(t, store, short), "leader")
			if took := time.Since(began); took > short.TTL+time.Second {
				t.Errorf("took over after %v", took)
			}
			if first.Err() == nil {
				t.Error("two trust their leases")
			}
			write(second.Token())
			pass(3*short.TTL - time.Since(began))
			write(first.Token())
			release(t, second)
			_ = first.Release(t.Context())
		}
		if accepted != 100 || stale != 50 {
			t.Errorf("%d writes accepted and %d refused, want 100 and 50", accepted, stale)
		}
	})
}

func TestTokenIsFoundInTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if _, ok := lease.TokenOf(t.Context()); ok {
			t.Error("a token without a lease")
		}
		le := acquire(t.Context(), t, newLocker(t, lease.NewMemory(), short), "report")
		defer release(t, le)
		ctx, cancel := context.WithTimeout(le.Context(), time.Second)
		defer cancel()
		if got, ok := lease.TokenOf(ctx); !ok || got != le.Token() {
			t.Errorf("got %d, %v, want %d", got, ok, le.Token())
		}
	})
}
