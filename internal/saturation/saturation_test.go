package saturation_test

import (
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/internal/saturation"
)

func TestASampleSaysWhatTheRuntimeHas(t *testing.T) {
	s := saturation.NewSampler()
	const more = 100
	stop := make(chan struct{})
	var parked sync.WaitGroup
	for range more {
		parked.Go(func() { <-stop })
	}
	got := s.Sample()
	close(stop)
	parked.Wait()
	if got.Goroutines < more || got.Memory < 1<<20 || got.Memory > 1<<40 {
		t.Errorf("got %+v", got)
	}
}

func TestTheMemoryLimitIsTheProcesss(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	s := saturation.NewSampler()
	if got := s.Sample(); got.MemoryLimit != 0 || got.MemoryShare() != 0 {
		t.Errorf("without a limit: %d, share %v", got.MemoryLimit, got.MemoryShare())
	}
	debug.SetMemoryLimit(1 << 40)
	got := s.Sample()
	if want := float64(got.Memory) / (1 << 40); got.MemoryLimit != 1<<40 || got.MemoryShare() != want {
		t.Errorf("limit %d, share %v, want %d, %v", got.MemoryLimit, got.MemoryShare(), 1<<40, want)
	}
}

func TestWhatACollectionWouldFreeIsNotLive(t *testing.T) {
	const size = 64 << 20
	s := saturation.NewSampler()
	kept := make([]byte, size)
	runtime.GC()
	held := s.Sample()
	runtime.KeepAlive(kept)
	runtime.GC()
	if gone := s.Sample(); held.Live-gone.Live < size*9/10 || held.Live > held.Memory || gone.Live <= 0 {
		t.Errorf("%d bytes are live with %d bytes, %d without", held.Live, size, gone.Live)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.KeepAlive(make([]byte, size)) // garbage now
	if got := s.Sample(); got.Live > held.Live-size*9/10 {
		t.Errorf("%d bytes are live, with garbage in them", got.Live)
	}
}

func TestLatencyIsThatOfGoroutinesThatWaited(t *testing.T) {
	s := saturation.NewSampler()
	turn(4 * runtime.GOMAXPROCS(0))
	crowded := s.Sample().SchedLatencyP99
	if crowded < 100*time.Microsecond {
		t.Errorf("four busy goroutines on each processor: p99 %v", crowded)
	}
}

// turn lets n goroutines take turns on the processors, of 200 µs each.
func turn(n int) {
	var busy sync.WaitGroup
	for range n {
		busy.Go(func() {
			for range 100 {
				for begin := time.Now(); time.Since(begin) < 200*time.Microsecond; {
				}
				runtime.Gosched()
			}
		})
	}
	busy.Wait()
}

func TestQuantileIsThatOfTheSortedValues(t *testing.T) {
	t.Parallel()
	bounds := []float64{math.Inf(-1), 0.001, 0.002, 0.004, 0.008, math.Inf(1)}
	upper := []time.Duration{time.Millisecond, 2 * time.Millisecond, 4 * time.Millisecond, 8 * time.Millisecond, 8 * time.Millisecond}
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Uint64Range(0, 300), 5, 5)
		before, grown := counts.Draw(t, "before"), counts.Draw(t, "grown")
		now := slices.Clone(before)
		var all []time.Duration // every value as its bucket's bound, sorted
		for i, n := range grown {
			now[i] += n
			all = append(all, slices.Repeat([]time.Duration{upper[i]}, int(n))...)
		}
		want := time.Duration(0)
		if len(all) > 0 {
			want = all[int(math.Ceil(0.99*float64(len(all))))-1]
		}
		if got := saturation.Quantile(0.99, bounds, before, now); got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestTheFirstLookTakesAllThereIs(t *testing.T) {
	t.Parallel()
	if got := saturation.Quantile(0.5, []float64{0, 1, 2}, nil, []uint64{1, 3}); got != 2*time.Second {
		t.Errorf("got %v, want 2s", got)
	}
}

func BenchmarkSample(b *testing.B) {
	s := saturation.NewSampler()
	b.ReportAllocs()
	for b.Loop() {
		s.Sample()
	}
}
