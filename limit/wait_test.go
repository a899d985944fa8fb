package limit_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func TestTokenBucketWaitPacesInOrderOfArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(t, limit.PerSecond(100), 3)
		began := time.Now()
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				if err := b.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				if got, want := time.Since(began), time.Duration(max(i-2, 0))*10*time.Millisecond; got != want {
					t.Errorf("waiter %d was served after %v, want %v", i, got, want)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if s := b.Stats(); s.Allowed != 3 || s.Delayed != 47 || s.Permits != 50 || s.Waiting != 0 || s.Denied != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTokenBucketWaitFailsAtOnceWhenTheDeadlineIsTooEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(t, limit.PerSecond(1), 2)
		b.AllowN(t.Context(), 2)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second-1)
		defer cancel()
		err := b.Wait(ctx)
		if !errors.Is(err, core.ErrRejected) || !errors.Is(err, context.DeadlineExceeded) || core.ErrorType(err) != core.TypeTimeout {
			t.Errorf("got %v", err)
		}
		if after, ok := core.RetryAfter(err); !ok || after != time.Second {
			t.Errorf("RetryAfter is %v, want 1s", after)
		}
		if time.Since(began) != 0 || b.Stats().InUse != 2 {
			t.Errorf("after %v, %+v; want at once, and nothing taken", time.Since(began), b.Stats())
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Wait(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a deadline at the very time: %v", err)
		}
	})
}

func TestTokenBucketWaitReturnsWhenContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(t, limit.PerSecond(1), 1)
		b.Allow(t.Context())
		cause := errors.New("client left")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(300*time.Millisecond, func() { cancel(cause) })
		began := time.Now()
		err := b.Wait(ctx)
		if !errors.Is(err, cause) || errors.Is(err, core.ErrRejected) || time.Since(began) != 300*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		if want := `limit: "api": gave up waiting: client left`; err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
		if core.ErrorType(err) != core.TypeCanceled || b.InLine() != 0 {
			t.Errorf("error type %s, %d in line", core.ErrorType(err), b.InLine())
		}
		if d, _ := b.Take(t.Context(), 1); d.RetryAfter != 700*time.Millisecond {
			t.Errorf("RetryAfter is %v after the permit was given back, want 700ms", d.RetryAfter)
		}
		if s := b.Stats(); s.Delayed != 1 || s.Cancelled != 1 || s.Permits != 2 {
			t.Errorf("%+v", s)
		}
		if err := b.Wait(ctx); !errors.Is(err, cause) || b.Stats().Delayed != 1 {
			t.Errorf("a context that has ended already: %v, %+v", err, b.Stats())
		}
	})
}

func TestTokenBucketWaitersBehindOneThatLeftKeepTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(t, limit.PerSecond(1), 1)
		b.Allow(t.Context())
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for i, ctx := range []context.Context{ctx, t.Context(), t.Context()} {
			all.Go(func() {
				if err := b.Wait(ctx); (err != nil) != (i == 0) {
					t.Errorf("waiter %d: %v", i, err)
				}
				if want := time.Duration(i+1) * time.Second; i > 0 && time.Since(began) != want {
					t.Errorf("waiter %d was served after %v, want %v", i, time.Since(began), want)
				}
			})
			synctest.Wait()
		}
		cancel()
		synctest.Wait()
		r, err := b.Reserve(t.Context(), 1)
		if err != nil || r.Delay() != 4*time.Second {
			t.Errorf("a newcomer waits %v (%v), want 4s: no two may act at the same time", r.Delay(), err)
		}
		r.Cancel()
		all.Wait()
	})
}

func TestTokenBucketWaitIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, err := limit.NewTokenBucket("api", limit.TokenBucketConfig{Rate: limit.PerSecond(1), MaxWaiters: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		b.Allow(t.Context())
		var all sync.WaitGroup
		var full atomic.Int64
		for range 5 {
			all.Go(func() {
				if err := b.Wait(t.Context()); core.ErrorType(err) == core.TypeQueueFull && errors.Is(err, core.ErrRejected) {
					full.Add(1)
				}
			})
		}
		synctest.Wait()
		if full.Load() != 3 || b.Stats().Waiting != 2 {
			t.Errorf("%d were refused and %d wait, want 3 and 2", full.Load(), b.Stats().Waiting)
		}
		all.Wait()
	})
}

func TestTokenBucketManyWaitersThatLeaveLeaveNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const waiters = 20_000
		b, err := limit.NewTokenBucket("api", limit.TokenBucketConfig{Rate: limit.PerSecond(10), MaxWaiters: waiters})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		b.Allow(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range waiters {
			all.Go(func() {
				if err := b.Wait(ctx); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if got := b.Stats().Waiting; got != waiters {
			t.Errorf("%d wait", got)
		}
		cancel()
		all.Wait()
		if s := b.Stats(); s.InUse != 1 || s.Waiting != 0 || s.Cancelled != waiters || b.InLine() != 0 {
			t.Errorf("%+v, %d in line", s, b.InLine())
		}
		if d, _ := b.Take(t.Context(), 1); d.RetryAfter != 100*time.Millisecond {
			t.Errorf("RetryAfter is %v, want 100ms", d.RetryAfter)
		}
	})
}

func TestTokenBucketWaitersKeepTheirTimeWhenTheRateChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(t, limit.PerSecond(1), 1)
		b.Allow(t.Context())
		began := time.Now()
		var all sync.WaitGroup
		all.Go(func() {
			if err := b.Wait(t.Context()); err != nil || time.Since(began) != time.Second {
				t.Errorf("served after %v: %v", time.Since(began), err)
			}
		})
		synctest.Wait()
		if err := b.SetRate(t.Context(), limit.PerSecond(0.1)); err != nil {
			t.Error(err)
		}
		if d, _ := b.Take(t.Context(), 1); d.RetryAfter != 20*time.Second {
			t.Errorf("RetryAfter is %v, want 20s: two permits are in use", d.RetryAfter)
		}
		all.Wait()
	})
}

func TestTokenBucketReserveIsFreedInOneWayOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(t, limit.PerSecond(1), 2)
		r, err := b.Reserve(t.Context(), 2)
		if err != nil || r.Delay() != 0 {
			t.Fatal(r, err)
		}
		if !r.Cancel() || r.Cancel() || r.Cancel() || !b.AllowN(t.Context(), 2) || b.Allow(t.Context()) {
			t.Error("nine cancels give back once")
		}
		r, _ = b.Reserve(t.Context(), 1)
		<-time.After(r.Delay())
		for range 100 { // used, and cancelled in a defer
			if r.Cancel(); b.Stats().InUse < 1 {
				t.Fatal("gave back what time had paid for")
			}
		}
	})
}

func TestReserveRefusesWhenMaxWaitersAreStillToCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := must(limit.NewTokenBucket("api", limit.TokenBucketConfig{Rate: limit.PerSecond(1), MaxWaiters: 2}))
		defer b.Close()
		var held []*limit.Reservation
		for range 3 { // one now, two to come
			held = append(held, must(b.Reserve(t.Context(), 1)))
		}
		_, err := b.Reserve(t.Context(), 1)
		if !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeQueueFull || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a third to come: %v, want rejected by a full queue", err)
		}
		held[2].Cancel()
		if _, err := b.Reserve(t.Context(), 1); err != nil {
			t.Errorf("after one was given back: %v", err)
		}
		<-time.After(3 * time.Second)
		if r := must(b.Reserve(t.Context(), 1)); r.Delay() != 0 {
			t.Errorf("after their time the next comes in %v, want now", r.Delay())
		}
	})
}
