package limit_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

func newKeyedAt(t interface {
	Fatal(args ...any)
	Cleanup(f func())
}, rate limit.Rate, burst, maxKeys int) *limit.Keyed {
	k, err := limit.NewKeyedAt("api", limit.KeyedConfig{Rate: rate, Burst: burst, MaxKeys: maxKeys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

func TestKeyedDecidesAsAModelForEachKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawTraced(t, wholeRates)
		k := newKeyedAt(t, s.rate, s.burst, 1000)
		models := make(map[string]*limittest.Model)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			s.advance(t)
			if rapid.IntRange(0, 9).Draw(t, "purge") == 0 {
				k.PurgeAt(s.now)
			}
			key, n := fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "key")), drawPermits(t, s.burst)
			if models[key] == nil {
				models[key] = limittest.NewModel(s.rate, s.burst)
			}
			d, err := k.TakeAt(s.now, key, n)
			if want := models[key].Take(s.now, n); err != nil || d != want {
				t.Fatalf("at %v: Take(%s, %d) gave %+v, %v; want %+v", s.now, key, n, d, err, want)
			}
		}
		if k.Len() != k.Claimed() {
			t.Fatalf("Len is %d, %d slots are claimed", k.Len(), k.Claimed())
		}
	})
}

func TestKeyedPurgeGivesNothingToAnOldReadingOfTheClock(t *testing.T) {
	t.Parallel()
	k := newKeyedAt(t, limit.Every(time.Millisecond), 5, 10)
	take := func(now time.Duration, want bool) {
		t.Helper()
		if d, err := k.TakeAt(now, "a", 5); err != nil || d.Allowed != want {
			t.Errorf("at %v: %+v, %v; want allowed %v", now, d, err, want)
		}
	}
	take(0, true)
	k.PurgeAt(5 * time.Millisecond) // "a" is at rest, and forgotten
	take(time.Millisecond, true)    // by who read the clock 4 ms ago
	take(5*time.Millisecond, false) // the burst was just taken
	take(10*time.Millisecond, true)
}

func TestKeyedForgetsKeysAtRestOfAnyShard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKeyed(t, limit.PerSecond(1), 1, 3)
		for round := range 50 {
			for i := range 3 {
				if !k.Allow(t.Context(), fmt.Sprint(round, i)) {
					t.Fatalf("round %d: a new key was denied", round)
				}
			}
			if k.Len() != 3 || k.Stats().Overflowed != 0 {
				t.Fatalf("round %d: %d keys, %d overflows", round, k.Len(), k.Stats().Overflowed)
			}
			<-time.After(time.Second)
		}
	})
}

func TestKeyedBeyondMaxKeysShareOneBucket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKeyed(t, limit.PerSecond(1), 2, 10)
		allowed := 0
		for i := range 100 {
			if k.Allow(t.Context(), fmt.Sprint(i)) {
				allowed++
			}
		}
		if s := k.Stats(); allowed != 12 || s.Keys != 10 || s.Overflowed != 90 || s.Allowed != 12 || s.Denied != 88 {
			t.Errorf("%d allowed, want 10 keys and the shared burst of 2; %+v", allowed, s)
		}
		<-time.After(2 * time.Second)
		if !k.Allow(t.Context(), "late") || k.Stats().Overflowed != 90 {
			t.Errorf("a new key got no bucket of its own when all were at rest: %+v", k.Stats())
		}
	})
}

func TestKeyedHoldsEachKeysBoundWhileTablesChange(t *testing.T) {
	t.Parallel()
	const keys, burst = 64, 5
	rate := limit.PerSecond(1000)
	k := newKeyed(t, rate, burst, 40) // too few on purpose
	var admitted [keys]atomic.Int64
	var wrong atomic.Int64
	began := time.Now()
	stop := began.Add(500 * time.Millisecond)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for time.Now().Before(stop) {
				i := rand.IntN(keys)
				if k.Allow(t.Context(), fmt.Sprint("key", i)) {
					admitted[i].Add(1)
				}
				if n := k.Len(); n < 0 || n > 40 {
					wrong.Add(1)
				}
			}
		})
	}
	all.Go(func() {
		for i := 0; time.Now().Before(stop); i++ {
			if err := k.SetRate(t.Context(), limit.PerSecond(float64(1000-i%2*500))); err != nil {
				t.Error(err)
			}
			if err := k.SetBurst(t.Context(), burst-i%3); err != nil {
				t.Error(err)
			}
			runtime.Gosched()
		}
	})
	all.Wait()
	took := time.Since(began).Seconds()
	for i := range keys { // its own bucket, and at worst all of the shared one
		if bound := 2 * int64(took*1000+burst+1); admitted[i].Load() > bound {
			t.Errorf("key %d: %d admitted in %v s, want at most %d", i, admitted[i].Load(), took, bound)
		}
	}
	if wrong.Load() > 0 || k.Len() != k.Claimed() {
		t.Errorf("Len was out of bounds %d times; now %d, %d slots are claimed", wrong.Load(), k.Len(), k.Claimed())
	}
}

func TestKeyedManyKeysCostLittleMemory(t *testing.T) {
	const n = 100_000 // the benchmark has a million
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	k := newKeyed(t, limit.PerHour(1), 1, n)
	for i := range n {
		k.Allow(t.Context(), fmt.Sprint(i))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if k.Len() != n {
		t.Errorf("%d keys, want %d", k.Len(), n)
	}
	if each := float64(after.HeapAlloc-before.HeapAlloc) / n; each > 40 {
		t.Errorf("%v bytes a key, want at most 40", each)
	}
	runtime.KeepAlive(k)
}
