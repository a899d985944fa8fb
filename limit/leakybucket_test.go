package limit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func newLeaky(t testing.TB, cfg limit.LeakyBucketConfig, opts ...limit.Option) *limit.LeakyBucket {
	t.Helper()
	l, err := limit.NewLeakyBucket("api", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func TestLeakyBucketLetsOneLeaveEachInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerSecond(10)})
		for _, idle := range []time.Duration{0, time.Millisecond, time.Hour} {
			<-time.After(100*time.Millisecond + idle)
			began := time.Now()
			for i := range 10 {
				if err := l.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got, want := time.Since(began), time.Duration(i)*100*time.Millisecond; got != want {
					t.Fatalf("after %v of rest, number %d left after %v, want %v", idle, i, got, want)
				}
			}
		}
	})
}

func TestLeakyBucketWaitNWaitsForTheLastOfItsPermits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerSecond(10)})
		began := time.Now()
		for i, n := range []int{10, 1, 5} {
			if err := l.WaitN(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			if got, want := time.Since(began), []time.Duration{900, 1000, 1500}[i]*time.Millisecond; got != want {
				t.Errorf("WaitN(%d) returned after %v, want %v", n, got, want)
			}
		}
		if s := l.Stats(); s.Permits != 16 || s.Delayed != 3 || s.InUse != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestLeakyBucketServesInOrderOfArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerSecond(1000)})
		var mu sync.Mutex
		var order []int
		for i := range 50 {
			go func() {
				if err := l.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
			}()
			synctest.Wait()
		}
		if l.Allow(t.Context()) {
			t.Error("Allow overtook those who wait")
		}
		if s := l.Stats(); s.Waiting != 49 || s.InUse != 50 {
			t.Errorf("%+v", s)
		}
		<-time.After(time.Second)
		synctest.Wait()
		if len(order) != 50 || !slices.IsSorted(order) {
			t.Errorf("served in order %v", order)
		}
	})
}

func TestLeakyBucketFailsAtOnceWhenTheDeadlineComesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerSecond(1)})
		l.Allow(t.Context())
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second-1)
		defer cancel()
		err := l.Wait(ctx)
		var rejected *limit.RejectedError
		if !errors.As(err, &rejected) || !errors.Is(err, context.DeadlineExceeded) || rejected.RetryAfter() != time.Second {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("failed after %v", took)
		}
		enough, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Wait(enough); err != nil {
			t.Errorf("the failure took a permit: %v", err)
		}
	})
}

func TestLeakyBucketGetsBackWhatAWaiterDidNotUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerSecond(1)})
		l.Allow(t.Context())
		cause := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(300*time.Millisecond, func() { cancel(cause) })
		if err := l.WaitN(ctx, 5); !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
		began := time.Now()
		if err := l.Wait(t.Context()); err != nil || time.Since(began) != 700*time.Millisecond {
			t.Errorf("%v after %v, want 700ms: as if no one had waited", err, time.Since(began))
		}
		if s := l.Stats(); s.Cancelled != 1 || s.Waiting != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestLeakyBucketHoldsNoMoreThanMaxWaiters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerSecond(1), MaxWaiters: 2})
		l.Allow(t.Context())
		for range 2 {
			go func() { _ = l.Wait(t.Context()) }()
		}
		synctest.Wait()
		if err := l.Wait(t.Context()); !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeQueueFull {
			t.Errorf("got %v", err)
		}
		<-time.After(3 * time.Second)
	})
}

func TestLeakyBucketGivesOnePermitAtATime(t *testing.T) {
	t.Parallel()
	l := newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerHour(1)})
	for _, n := range []int{0, -1, math.MinInt, 2, math.MaxInt32, math.MaxInt} {
		d, err := l.Take(t.Context(), n)
		if !errors.Is(err, core.ErrInvalid) || errors.Is(err, limit.ErrExceedsBurst) != (n > 0) || d != (limit.Decision{}) {
			t.Errorf("Take(%d) gave %+v, %v", n, d, err)
		}
		if l.AllowN(t.Context(), n) {
			t.Errorf("AllowN(%d) was true", n)
		}
	}
	for _, n := range []int{0, -1, math.MinInt, math.MaxInt} {
		if err := l.WaitN(t.Context(), n); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("WaitN(%d) gave %v", n, err)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, n := range []int{2, 1000, 1 << 20, math.MaxInt32} {
		err := l.WaitN(short, n)
		if !errors.Is(err, core.ErrRejected) && !errors.Is(err, core.ErrInvalid) {
			t.Errorf("WaitN(%d) within a minute gave %v", n, err)
		}
	}
	if !l.Allow(t.Context()) {
		t.Error("refusals took the permit")
	}
}

func TestLeakyBucketCatchesUpWithTheClock(t *testing.T) { // apart from what keeps the machine busy
	const catchUp = time.Second // more than the machine should ever be late
	l := newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerSecond(20_000), CatchUp: catchUp})
	began, took, n := time.Now(), time.Duration(0), 0
	const enough = 20_000 / 4 // a second, on a busy machine; without catching up it is a tenth
	for took < 300*time.Millisecond || float64(n) < enough*took.Seconds() && took < 20*time.Second {
		if err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		n++
		took = time.Since(began)
	}
	if got := float64(n) / took.Seconds(); got < enough {
		t.Errorf("%v permits a second, want nearly 20,000", got)
	}
	if most := 20_000*(took+catchUp).Seconds() + 1; float64(n) > most {
		t.Errorf("%d permits in %v, want at most %v", n, took, most)
	}
}

func TestLeakyBucketRateChangesLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		l := newLeaky(t, limit.LeakyBucketConfig{Rate: limit.PerSecond(1)}, limit.WithTelemetry(rec.Options()...))
		l.Allow(t.Context())
		for _, bad := range []limit.Rate{{}, limit.PerSecond(-1), limit.PerSecond(math.NaN()), limit.PerSecond(math.Inf(1)), limit.PerSecond(2e9)} {
			if err := l.SetRate(t.Context(), bad); !errors.Is(err, core.ErrInvalid) {
				t.Errorf("SetRate(%v) gave %v", bad, err)
			}
		}
		if err := l.SetRate(t.Context(), limit.PerSecond(10)); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := l.WaitN(t.Context(), 3); err != nil || time.Since(began) != 300*time.Millisecond {
			t.Errorf("%v after %v, want 300ms", err, time.Since(began))
		}
		if len(rec.Logs()) != 1 {
			t.Errorf("%d events, want 1", len(rec.Logs()))
		}
		rec.RequireEvent(flowconv.EventLimiterQuotaChange, flowconv.LimiterRateKey.String("10/s"), flowconv.LimiterBurstKey.Int(1))
		rec.RequireDeclared()
		if got := fmt.Sprint(l); got != `leaky bucket "api": 10/s` {
			t.Errorf("String gives %s", got)
		}
	})
}

func TestLeakyBucketConfigSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg   limit.LeakyBucketConfig
		field string
	}{
		{limit.LeakyBucketConfig{}, "Rate"},
		{limit.LeakyBucketConfig{Rate: limit.PerSecond(-5)}, "Rate"},
		{limit.LeakyBucketConfig{Rate: limit.PerSecond(math.NaN())}, "Rate"},
		{limit.LeakyBucketConfig{Rate: limit.PerSecond(math.Inf(1))}, "Rate"},
		{limit.LeakyBucketConfig{Rate: limit.PerSecond(math.Inf(-1))}, "Rate"},
		{limit.LeakyBucketConfig{Rate: limit.PerSecond(1e300)}, "Rate"},
		{limit.LeakyBucketConfig{Rate: limit.Per(1, math.MaxInt64)}, "Rate"},
		{limit.LeakyBucketConfig{Rate: limit.Per(1, -time.Second)}, "Rate"},
		{limit.LeakyBucketConfig{Rate: limit.PerSecond(1), MaxWaiters: -1}, "MaxWaiters"},
		{limit.LeakyBucketConfig{Rate: limit.PerSecond(1), CatchUp: -1}, "CatchUp"},
		{limit.LeakyBucketConfig{Rate: limit.PerSecond(1), CatchUp: math.MaxInt64}, "CatchUp"},
	} {
		l, err := limit.NewLeakyBucket("api", c.cfg)
		if l != nil || !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%+v gave %v, want an error about %s", c.cfg, err, c.field)
		}
	}
}
