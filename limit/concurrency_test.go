package limit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func newConcurrency(tb testing.TB, cfg limit.ConcurrencyConfig, opts ...limit.Option) *limit.Concurrency {
	tb.Helper()
	c, err := limit.NewConcurrency("db", cfg, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// order notes who got its permits, in order.
type order struct {
	c    *limit.Concurrency
	mu   sync.Mutex
	list []string
}

// enter lets a caller wait for n permits in a goroutine of its own; it releases them at once.
func (o *order) enter(ctx context.Context, name string, n int) {
	go func() {
		if err := o.c.Acquire(ctx, n); err == nil {
			o.mu.Lock()
			o.list = append(o.list, name)
			o.mu.Unlock()
			o.c.Release(n)
		}
	}()
	synctest.Wait()
}

func TestConcurrencyShrinkLetsNobodyInUntilEnoughAreBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 10})
		if !c.TryAcquire(t.Context(), 10) {
			t.Fatal("no permits")
		}
		if err := c.SetLimit(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		o := &order{c: c}
		o.enter(t.Context(), "waiter", 1)
		for back := 1; back <= 8; back++ {
			c.Release(1)
			synctest.Wait()
			if len(o.list) > 0 {
				t.Fatalf("let in when %d were back", back)
			}
		}
		c.Release(1)
		synctest.Wait()
		if len(o.list) != 1 {
			t.Error("not let in when 9 were back")
		}
		if c.TryAcquire(t.Context(), 2) {
			t.Error("one is held, and two more were given out of two")
		}
		c.Release(1)
		if !c.TryAcquire(t.Context(), 2) {
			t.Error("nothing is held, and there are not two")
		}
		c.Release(2)
	})
}

func TestConcurrencyGrowthLetsWaitersIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 1})
		c.TryAcquire(t.Context(), 1)
		o := &order{c: c}
		o.enter(t.Context(), "waiter", 1)
		if err := c.SetLimit(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(o.list) != 1 {
			t.Error("not let in")
		}
		c.Release(1)
	})
}

func TestConcurrencyWaiterForManyIsNotOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 4})
		ctx := t.Context()
		c.TryAcquire(ctx, 4)
		o := &order{c: c}
		o.enter(ctx, "four", 4)
		for i := range 100 {
			o.enter(ctx, fmt.Sprint("one ", i), 1)
		}
		for range 3 {
			c.Release(1)
			synctest.Wait()
			if len(o.list) > 0 || c.TryAcquire(ctx, 1) {
				t.Fatal("overtaken")
			}
		}
		c.Release(1)
		synctest.Wait()
		if len(o.list) != 101 || o.list[0] != "four" {
			t.Errorf("served %d, first %v", len(o.list), o.list[:1])
		}
	})
}

func TestConcurrencyServesHigherPriorityFirstButStarvesNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 1, PriorityStep: time.Minute})
		c.TryAcquire(t.Context(), 1)
		o := &order{c: c}
		enter := func(name string, priority int) {
			o.enter(limit.WithPriority(t.Context(), priority), name, 1)
		}
		enter("low", -1)
		enter("plain", 0)
		enter("high", 5)
		enter("highest", math.MaxInt)
		<-time.After(5*time.Minute + time.Second)
		enter("high, but late", 5)
		c.Release(1)
		synctest.Wait()
		if got, want := fmt.Sprint(o.list), "[highest high plain high, but late low]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestConcurrencyAcquireReturnsWhenContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 2})
		c.TryAcquire(t.Context(), 1)
		cause := errors.New("lost interest")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		o := &order{c: c}
		go func() {
			<-time.After(time.Millisecond)
			o.enter(t.Context(), "behind", 1)
		}()
		err := c.Acquire(ctx, 2)
		var wait *limit.WaitError
		if !errors.Is(err, cause) || !errors.As(err, &wait) || wait.Limiter != "db" {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if len(o.list) != 1 {
			t.Error("who waited behind was not let in")
		}
		if err := c.Acquire(ctx, 1); !errors.Is(err, cause) {
			t.Errorf("after the end: got %v", err)
		}
		if s := c.Stats(); s.InUse != 1 || s.Cancelled != 1 || s.Denied != 1 || s.Delayed != 1 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestConcurrencyShrinkSendsAwayWhoWaitsForMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 5})
		c.TryAcquire(t.Context(), 5)
		got := make(chan error, 1)
		go func() { got <- c.Acquire(t.Context(), 4) }()
		synctest.Wait()
		o := &order{c: c}
		o.enter(t.Context(), "small", 3)
		if err := c.SetLimit(t.Context(), 3); err != nil {
			t.Fatal(err)
		}
		if err := <-got; !errors.Is(err, limit.ErrExceedsBurst) {
			t.Errorf("got %v", err)
		}
		c.Release(5)
		synctest.Wait()
		if len(o.list) != 1 {
			t.Error("the other one was not let in")
		}
	})
}

func TestConcurrencyRejectsWhenTheLineIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 1, MaxWaiters: 1, Wait: true})
		ctx, cancel := context.WithCancel(t.Context())
		c.TryAcquire(ctx, 1)
		o := &order{c: c}
		o.enter(ctx, "first", 1)
		_, err := c.Admit(ctx)
		const want = `limit: "db" rejected: too few of 1 permits are free, and 1 wait already`
		if err == nil || err.Error() != want || !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeQueueFull {
			t.Errorf("got %v", err)
		}
		if _, known := core.RetryAfter(err); known {
			t.Error("it cannot know when to come back")
		}
		cancel()
		synctest.Wait()
		c.Release(1)
	})
}

func TestConcurrencyOverReleaseFreesWhatIsHeldAndIsCounted(t *testing.T) {
	t.Parallel()
	c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 3})
	c.TryAcquire(t.Context(), 2)
	for _, n := range []int{5, 1, 0, -1, math.MinInt, math.MaxInt} {
		c.Release(n)
	}
	if s := c.Stats(); s.InUse != 0 || s.OverReleased != 6 {
		t.Errorf("got %+v", s)
	}
	if c.TryAcquire(t.Context(), 4) || !c.TryAcquire(t.Context(), 3) {
		t.Error("the limit is no longer 3")
	}
}

func TestConcurrencyRefusesSenselessPermits(t *testing.T) {
	t.Parallel()
	c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 3})
	for _, n := range []int{0, -1, math.MinInt, 4, math.MaxInt, 1 << 31, 1<<32 + 1} {
		err := c.Acquire(t.Context(), n)
		var permits *limit.PermitsError
		if !errors.As(err, &permits) || permits.Permits != n || errors.Is(err, limit.ErrExceedsBurst) != (n > 0) {
			t.Errorf("Acquire(%d): got %v", n, err)
		}
		if c.TryAcquire(t.Context(), n) {
			t.Errorf("TryAcquire(%d) worked", n)
		}
	}
	for _, n := range []int{0, -1, math.MaxInt32 + 1} {
		if err := c.SetLimit(t.Context(), n); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("SetLimit(%d): got %v", n, err)
		}
	}
	if s := c.Stats(); s.InUse != 0 || s.Burst != 3 {
		t.Errorf("got %+v", s)
	}
	if err := c.SetLimit(t.Context(), math.MaxInt32); err != nil || !c.TryAcquire(t.Context(), math.MaxInt32) || c.TryAcquire(t.Context(), 1) {
		t.Errorf("the highest limit does not work: %v", err)
	}
}

func TestConcurrencyConfigIsChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg  limit.ConcurrencyConfig
		want string
	}{
		"none":            {limit.ConcurrencyConfig{}, `limit: "db": Limit must be above 0, got 0`},
		"negative":        {limit.ConcurrencyConfig{Limit: -1}, `limit: "db": Limit must be above 0, got -1`},
		"too many":        {limit.ConcurrencyConfig{Limit: 1 << 31}, `limit: "db": Limit must be at most 2147483647, got 2147483648`},
		"negative line":   {limit.ConcurrencyConfig{Limit: 1, MaxWaiters: -1}, `limit: "db": MaxWaiters must not be negative, got -1`},
		"negative step":   {limit.ConcurrencyConfig{Limit: 1, PriorityStep: -1}, `limit: "db": PriorityStep must not be negative, got -1ns`},
		"too long a step": {limit.ConcurrencyConfig{Limit: 1, PriorityStep: math.MaxInt64}, `limit: "db": PriorityStep must be at most 24h0m0s, got 2562047h47m16.854775807s`},
	} {
		_, err := limit.NewConcurrency("db", c.cfg)
		if err == nil || err.Error() != c.want || !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := limit.NewConcurrency("", limit.ConcurrencyConfig{Limit: 1}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("without a name: got %v", err)
	}
}

func TestConcurrencyGivesThePermitBackHoweverTheTaskEnds(t *testing.T) {
	t.Parallel()
	c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 1})
	failure := errors.New("its own")
	for name, task := range map[string]core.Task{
		"returns": func(context.Context) error { return nil },
		"fails":   func(context.Context) error { return failure },
		"panics":  func(context.Context) error { panic("boom") },
		"meets itself": func(ctx context.Context) error {
			if err := c.Do(ctx, nil); !errors.Is(err, core.ErrRejected) {
				t.Errorf("let in twice: %v", err)
			}
			return nil
		},
	} {
		_ = core.Try(t.Context(), func(ctx context.Context) error { return c.Do(ctx, task) })
		if got := c.Stats().InUse; got != 0 {
			t.Fatalf("%s: %d held", name, got)
		}
	}
}
