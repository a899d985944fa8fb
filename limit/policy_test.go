package limit_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func done(context.Context) error { return nil }

func TestRejectRunsTheTaskOnlyWithAPermit(t *testing.T) {
	t.Parallel()
	b := newBucket(t, limit.PerHour(1), 1)
	p := core.Compose(limit.Reject(b))
	failed := errors.New("failed")
	if err := p.Do(t.Context(), func(context.Context) error { return failed }); err != failed {
		t.Errorf("got %v, want the task's error", err)
	}
	err := p.Do(t.Context(), func(context.Context) error { t.Error("the task ran"); return nil })
	var rejected *limit.RejectedError
	if !errors.As(err, &rejected) || !errors.Is(err, core.ErrRejected) || rejected.Limiter != "api" || rejected.RetryAfter() < 59*time.Minute {
		t.Errorf("got %v", err)
	}
}

func TestPaceRunsTasksAtTheRate(t *testing.T) {
	t.Parallel()
	for name, limiter := range map[string]func(testing.TB) limit.Limiter{
		"of a limiter that can wait": func(tb testing.TB) limit.Limiter { return newBucket(tb, limit.PerSecond(10), 2) },
		"of one that is asked again": func(tb testing.TB) limit.Limiter { return newKeyed(tb, limit.PerSecond(10), 2, 10).For("a") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := limit.Pace(limiter(t))
				began := time.Now()
				for i := range 10 {
					if err := p.Do(t.Context(), done); err != nil {
						t.Fatal(err)
					}
					if want := time.Duration(max(i-1, 0)) * 100 * time.Millisecond; time.Since(began) != want {
						t.Errorf("task %d ran after %v, want %v", i, time.Since(began), want)
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), 99*time.Millisecond)
				defer cancel()
				now := time.Now()
				if err := p.Do(ctx, done); !errors.Is(err, core.ErrRejected) || !errors.Is(err, context.DeadlineExceeded) || time.Since(now) != 0 {
					t.Errorf("a deadline too early: %v after %v", err, time.Since(now))
				}
				ctx, stop := context.WithCancel(t.Context())
				time.AfterFunc(10*time.Millisecond, stop)
				if err := p.Do(ctx, done); !errors.Is(err, context.Canceled) || core.ErrorType(err) != core.TypeCanceled {
					t.Errorf("ended while waiting: %v", err)
				}
				<-time.After(time.Second)
				if err := p.Do(ctx, done); !errors.Is(err, context.Canceled) {
					t.Errorf("ended before: %v", err)
				}
				if err := core.Compose(p, p).Do(t.Context(), done); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// vague is a limiter that does not know when to come back.
type vague struct{ left int }

func (v *vague) Take(context.Context, int) (limit.Decision, error) {
	v.left--
	return limit.Decision{Allowed: v.left < 0}, nil
}

func TestPaceDoesNotSpin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := limit.Pace(&vague{left: 5}).Do(t.Context(), done); err != nil || time.Since(began) != 5*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestPoliciesPassErrorsOn(t *testing.T) {
	t.Parallel()
	for _, p := range []core.Policy{limit.Reject(broken{}), limit.Pace(broken{})} {
		if err := p.Do(t.Context(), done); err != errBroken {
			t.Errorf("got %v", err)
		}
	}
}

var errBroken = errors.New("unavailable")

type broken struct{}

func (broken) Take(context.Context, int) (limit.Decision, error) { return limit.Decision{}, errBroken }

func TestDecisionsWithLessThanAFifthLeftAreNearTheLimit(t *testing.T) {
	t.Parallel()
	bucket := must(limit.NewTokenBucket("api", limit.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 10}))
	defer bucket.Close()
	keyed := must(limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 10}))
	defer keyed.Close()
	for i, want := range []int64{0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2} { // 2 left is a fifth
		bucket.Allow(t.Context())
		keyed.Allow(t.Context(), "ann")
		if got := bucket.Stats().NearLimit; got != want {
			t.Errorf("bucket, request %d: %d near the limit, want %d", i+1, got, want)
		}
		if got := keyed.Stats().NearLimit; got != want {
			t.Errorf("keyed, request %d: %d near the limit, want %d", i+1, got, want)
		}
	}
	if _, err := bucket.Take(t.Context(), 11); err == nil {
		t.Error("11 of 10 were taken")
	}
}
