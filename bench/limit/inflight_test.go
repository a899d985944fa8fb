package limit_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/adaptivethrottler"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"golang.org/x/sync/semaphore"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// semaphores take one of so many permits, waiting for it when none is free, work, and release it.
var semaphores = []struct {
	impl string
	make func(tb testing.TB, permits int, work func()) func() bool
}{
	{"goflow-metered", concurrencyUnder(metered)},
	{"goflow-noop", concurrencyUnder(unmetered)},
	{"x-sync", newXSync},
	{"channel", newChannel},
	{"failsafe", newBulkhead},
}

// BenchmarkConcurrency takes a permit and releases it: one of a hundred, which are never all taken; and
// the only one, which eight goroutines for each processor take turns with. Who has that one lets others
// run first, so that they wait in line from beginning to end, whatever the scheduler does.
func BenchmarkConcurrency(b *testing.B) {
	b.Run("free", func(b *testing.B) {
		var impls []side.Impl
		for _, s := range semaphores {
			impls = append(impls, side.Impl{Name: s.impl, Make: func(tb testing.TB) func() bool {
				tb.Helper()
				return s.make(tb, 100, func() {})
			}})
		}
		side.Run(b, impls, true)
	})
	b.Run("contended", func(b *testing.B) {
		for _, s := range semaphores {
			b.Run("impl="+s.impl+"/parallel", func(b *testing.B) { side.Parallel(b, 8, s.make(b, 1, runtime.Gosched), true) })
		}
	})
}

// concurrencyUnder makes a goflow semaphore with the given telemetry.
func concurrencyUnder(opt func() limit.Option) func(testing.TB, int, func()) func() bool {
	return func(tb testing.TB, permits int, work func()) func() bool {
		tb.Helper()
		c, err := limit.NewConcurrency("bench", limit.ConcurrencyConfig{Limit: permits}, opt())
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(c.Close)
		ctx := context.Background()
		return func() bool {
			if c.Acquire(ctx, 1) != nil {
				return false
			}
			work()
			c.Release(1)
			return true
		}
	}
}

func newXSync(_ testing.TB, permits int, work func()) func() bool {
	s := semaphore.NewWeighted(int64(permits))
	ctx := context.Background()
	return func() bool {
		if s.Acquire(ctx, 1) != nil {
			return false
		}
		work()
		s.Release(1)
		return true
	}
}

// newChannel makes what people write who want no library.
func newChannel(_ testing.TB, permits int, work func()) func() bool {
	held := make(chan struct{}, permits)
	ctx := context.Background()
	return func() bool {
		select {
		case held <- struct{}{}:
		case <-ctx.Done():
			return false
		}
		work()
		<-held
		return true
	}
}

func newBulkhead(_ testing.TB, permits int, work func()) func() bool {
	b := bulkhead.New[any](uint(permits))
	ctx := context.Background()
	return func() bool {
		if b.AcquirePermit(ctx) != nil {
			return false
		}
		work()
		b.ReleasePermit()
		return true
	}
}

// BenchmarkAdaptive admits and records a success, always below the limit.
func BenchmarkAdaptive(b *testing.B) {
	const lowest, highest, initial = 10, 200, 20
	side.Run(b, []side.Impl{
		{Name: "goflow-metered", Make: func(tb testing.TB) func() bool {
			tb.Helper()
			a, err := limit.NewAdaptive("bench",
				limit.AdaptiveConfig{Min: lowest, Max: highest, Initial: initial}, metered())
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(a.Close)
			return succeed(a)
		}},
		{Name: "failsafe", Make: func(testing.TB) func() bool {
			l := adaptivelimiter.NewBuilder[any]().WithLimits(lowest, highest, initial).Build()
			return func() bool {
				permit, ok := l.TryAcquirePermit()
				if ok {
					permit.Record()
				}
				return ok
			}
		}},
	}, true)
}

// BenchmarkThrottle admits and records a success: the backend accepts all, so all are admitted.
func BenchmarkThrottle(b *testing.B) {
	side.Run(b, []side.Impl{
		{Name: "goflow-metered", Make: func(tb testing.TB) func() bool {
			tb.Helper()
			t, err := limit.NewThrottle("bench", limit.ThrottleConfig{}, metered())
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(t.Close)
			return succeed(t)
		}},
		{Name: "failsafe", Make: func(testing.TB) func() bool {
			t := adaptivethrottler.NewWithDefaults[any]()
			return func() bool {
				ok := t.TryAcquirePermit()
				if ok {
					t.RecordSuccess()
				}
				return ok
			}
		}},
	}, true)
}

// succeed admits and tells of a success.
func succeed(a core.Admitter) func() bool {
	ctx := context.Background()
	return func() bool {
		t, err := a.Admit(ctx)
		if err == nil {
			a.Done(t, nil)
		}
		return err == nil
	}
}
