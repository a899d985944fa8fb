package flowredis_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

func waiting(t *testing.T, cfg flowredis.TokenBucketConfig) *flowredis.Limiter {
	t.Helper()
	return newBucket(t, coordinate(t, calmClient(t, redistest.Shared(t).Addr()), unhurried), cfg)
}

func TestWaitWaitsUntilThereArePermits(t *testing.T) {
	t.Parallel()
	l := waiting(t, flowredis.TokenBucketConfig{Rate: limit.Every(600 * time.Millisecond)})
	began := time.Now()
	for range 4 {
		if err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 1800*time.Millisecond-resolution || took > patient {
		t.Errorf("4 permits, 600ms apart, took %v, want 1.8s", took)
	}
	if st := l.Stats().Coordinated; st.Allowed != 1 || st.Delayed != 3 || st.Denied != 0 {
		t.Errorf("got %+v, want 1 allowed and 3 delayed", st)
	}
}

func TestWaitServesInOrderOfArrival(t *testing.T) {
	t.Parallel()
	l := waiting(t, flowredis.TokenBucketConfig{Rate: limit.PerSecond(10), Burst: 1})
	l.Allow(t.Context())
	var mu sync.Mutex
	var order []int
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if err := l.Wait(t.Context()); err != nil {
				t.Error(err)
			}
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
		})
		await(t, "a waiter", patient, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return l.Stats().Waiting+len(order) > i
		})
		<-time.After(20 * time.Millisecond) // until it stands in line
	}
	all.Wait()
	for i, who := range order {
		if i != who {
			t.Fatalf("got order %v, want that of arrival", order)
		}
	}
}

func TestWaitFailsAtOnceWhenThePermitsComeTooLate(t *testing.T) {
	t.Parallel()
	l := waiting(t, flowredis.TokenBucketConfig{Rate: limit.PerMinute(1), Burst: 1})
	l.Allow(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	err := l.Wait(ctx)
	var rejected *limit.RejectedError
	if !errors.As(err, &rejected) || rejected.Decision.RetryAfter < 50*time.Second {
		t.Errorf("got %v, want a RejectedError that says when", err)
	}
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeTimeout {
		t.Errorf("got %v of class %s, want it to match the deadline and core.ErrRejected", err, core.ErrorType(err))
	}
	if ctx.Err() != nil {
		t.Error("it waited for the deadline")
	}
}

func TestWaitersAreBounded(t *testing.T) {
	t.Parallel()
	l := waiting(t, flowredis.TokenBucketConfig{Rate: limit.PerMinute(1), Burst: 1, MaxWaiters: 2})
	l.Allow(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			var given *limit.WaitError
			if err := l.Wait(ctx); !errors.As(err, &given) || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want a WaitError", err)
			}
		})
	}
	await(t, "two waiters", patient, func() bool { return l.Stats().Waiting == 2 })
	if err := l.Wait(t.Context()); core.ErrorType(err) != core.TypeQueueFull || !errors.Is(err, core.ErrRejected) {
		t.Errorf("got %v, want queue_full", err)
	}
	cancel()
	all.Wait()
	if st := l.Stats(); st.Coordinated.Cancelled != 2 || st.Waiting != 0 || st.Permits != 1 {
		t.Errorf("got %+v, want two cancelled, and one permit used", st)
	}
}

func TestPoliciesTakeASharedLimiter(t *testing.T) {
	t.Parallel()
	cfg := flowredis.TokenBucketConfig{Rate: limit.Every(1500 * time.Millisecond)}
	l := waiting(t, cfg)
	k := newKeyed(t, coordinate(t, calmClient(t, redistest.Shared(t).Addr()), unhurried), cfg)
	ran := 0
	task := func(context.Context) error { ran++; return nil }
	for _, p := range []core.Policy{limit.Reject(k.For("ann")), limit.Pace(k.For("ann")), limit.Reject(l), limit.Pace(l)} {
		if err := p.Do(t.Context(), task); err != nil {
			t.Error(err)
		}
	}
	err := limit.Reject(l).Do(t.Context(), task)
	var rejected *limit.RejectedError
	if !errors.As(err, &rejected) || rejected.Limiter != "api" || ran != 4 {
		t.Errorf("got %v after %d runs, want a rejection by the limiter after 4", err, ran)
	}
}
