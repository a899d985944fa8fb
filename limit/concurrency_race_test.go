package limit_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/goflow-go/goflow/limit"
)

// cancelRace has a release and a cancellation meet at a waiter, and checks that one permit is left.
func cancelRace(t testing.TB, c *limit.Concurrency) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	if !c.TryAcquire(ctx, 1) {
		t.Fatal("a permit was lost")
	}
	var both sync.WaitGroup
	both.Go(func() {
		if c.Acquire(ctx, 1) == nil {
			c.Release(1)
		}
	})
	for c.Stats().Waiting == 0 && rand.IntN(8) > 0 {
		runtime.Gosched()
	}
	if rand.IntN(2) == 0 {
		both.Go(cancel)
		c.Release(1)
	} else {
		both.Go(func() { c.Release(1) })
		cancel()
	}
	both.Wait()
	if s := c.Stats(); s.InUse != 0 || s.OverReleased != 0 {
		t.Fatalf("nobody holds a permit: %+v", s)
	}
}

func TestConcurrencyKeepsItsPermitsWhenCancelMeetsRelease(t *testing.T) {
	t.Parallel()
	c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 1})
	for range 20_000 {
		cancelRace(t, c)
	}
	if s := c.Stats(); s.InUse != 0 || s.Waiting != 0 || s.OverReleased != 0 {
		t.Errorf("left behind: %+v", s)
	}
}

// Run it with -benchtime 10000000x to be sure of the test above.
func BenchmarkConcurrencyCancelMeetsRelease(b *testing.B) {
	c := newConcurrency(b, limit.ConcurrencyConfig{Limit: 1})
	for b.Loop() {
		cancelRace(b, c)
	}
}

func TestConcurrencyNeverHoldsMoreThanItsLimit(t *testing.T) {
	t.Parallel()
	const most = 10
	c := newConcurrency(t, limit.ConcurrencyConfig{Limit: most, MaxWaiters: 20})
	var held atomic.Int64
	var work sync.WaitGroup
	for g := range 64 {
		random := rand.New(rand.NewPCG(7, uint64(g)))
		work.Go(func() {
			for range 1000 {
				n := 1 + random.IntN(4)
				ctx, cancel := context.WithCancel(limit.WithPriority(context.Background(), random.IntN(3)))
				switch random.IntN(3) {
				case 0:
					go cancel()
				case 1:
					_ = c.SetLimit(ctx, 4+random.IntN(most-3))
				}
				if random.IntN(4) == 0 && c.TryAcquire(ctx, n) || c.Acquire(ctx, n) == nil {
					if now := held.Add(int64(n)); now > most {
						t.Errorf("%d permits of %d are held", now, most)
					}
					held.Add(int64(-n))
					c.Release(n)
				}
				cancel()
			}
		})
	}
	work.Wait()
	if s := c.Stats(); s.InUse != 0 || s.Waiting != 0 || s.OverReleased != 0 {
		t.Errorf("left behind: %+v", s)
	}
}

func TestConcurrencyTryAcquireFailsOnlyWhenFull(t *testing.T) {
	t.Parallel()
	c := newConcurrency(t, limit.ConcurrencyConfig{Limit: 5})
	stop := make(chan struct{})
	var tuner sync.WaitGroup
	tuner.Go(func() {
		for n := 5; ; n = 11 - n {
			select {
			case <-stop:
				return
			default:
				_ = c.SetLimit(context.Background(), n)
			}
		}
	})
	for range 20_000 {
		if !c.TryAcquire(t.Context(), 2) {
			t.Error("nothing was held, nobody waited, and there was no permit")
			break
		}
		c.Release(2)
	}
	close(stop)
	tuner.Wait()
}
