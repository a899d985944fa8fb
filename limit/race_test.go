package limit_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// hammer lets goroutines run op until d has passed, and gives how long it took.
func hammer(goroutines int, d time.Duration, op func(i int)) time.Duration {
	began := time.Now()
	var all sync.WaitGroup
	for i := range goroutines {
		all.Go(func() {
			for time.Since(began) < d {
				op(i)
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

func requireAtMost(t *testing.T, got int64, perSecond float64, burst int, took time.Duration) {
	t.Helper()
	if bound := int64(perSecond*took.Seconds()) + int64(burst); got > bound {
		t.Errorf("%d permits in %v, want at most %d", got, took, bound)
	}
}

// hammerUntil hammers, and where a busy machine had too little done in that time, again until there is enough.
func hammerUntil(enough func() bool, goroutines int, d time.Duration, op func(i int)) time.Duration {
	began := time.Now()
	for again := true; again; again = !enough() && time.Since(began) < 20*time.Second {
		hammer(goroutines, d, op)
	}
	return time.Since(began)
}

func TestTokenBucketHoldsAgainstManyGoroutines(t *testing.T) {
	t.Parallel()
	b := newBucket(t, limit.PerSecond(10_000), 100)
	var got atomic.Int64
	took := hammerUntil(func() bool { return got.Load() >= 1000 }, 1024, time.Second, func(i int) {
		if n := 1 + i%3; b.AllowN(t.Context(), n) {
			got.Add(int64(n))
		}
	})
	requireAtMost(t, got.Load(), 10_000, 100, took)
	if s := b.Stats(); s.Permits != got.Load() || got.Load() < 1000 {
		t.Errorf("%d permits were given, counted %+v", got.Load(), s)
	}
}

func TestKeyedHoldsAgainstManyGoroutines(t *testing.T) {
	t.Parallel()
	k := newKeyed(t, limit.PerSecond(1000), 10, 100)
	var got [64]atomic.Int64
	keys := make([]string, len(got))
	for i := range keys {
		keys[i] = string(rune('0' + i))
	}
	took := hammer(1024, 500*time.Millisecond, func(int) {
		if i := rand.IntN(len(keys)); k.Allow(t.Context(), keys[i]) {
			got[i].Add(1)
		}
	})
	for i := range got {
		requireAtMost(t, got[i].Load(), 1000, 10, took)
	}
}

func TestTokenBucketKeepsPermitsWhileTheQuotaChanges(t *testing.T) {
	t.Parallel()
	b := newBucket(t, limit.PerHour(1), 1000)
	var got atomic.Int64
	hammer(16, 300*time.Millisecond, func(i int) {
		switch {
		case i == 0:
			if err := b.SetRate(t.Context(), limit.PerHour(1+rand.Float64())); err != nil {
				t.Error(err)
			}
		case i == 1:
			b.Rebase()
		case i == 2:
			if err := b.SetBurst(t.Context(), 900+rand.IntN(101)); err != nil {
				t.Error(err)
			}
		case i < 6:
			if r, err := b.Reserve(t.Context(), 1+rand.IntN(5)); err != nil || !r.Cancel() || r.Cancel() {
				t.Errorf("Reserve and Cancel: %v", err)
			}
		default:
			if b.Allow(t.Context()) {
				got.Add(1)
			}
		}
	})
	if got.Load() > 1000 {
		t.Errorf("%d permits of a burst of 1000", got.Load())
	}
	if s := b.Stats(); s.InUse < int(got.Load()) {
		t.Errorf("%d permits were taken, %d are in use", got.Load(), s.InUse)
	}
}
