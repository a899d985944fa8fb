package redis_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/redistest"
)

// few are permits that goroutines who ask all the time soon have used.
const few = quota(1000)

// processes is how many clients share a limit, each as a process of its own would have it.
const processes = 4

// sharers make limiters that share what others with the same prefix use.
var sharers = []struct {
	impl string
	make func(tb testing.TB, prefix string) ask
}{
	{"goflow-metered", func(tb testing.TB, prefix string) ask { return newKeyedAs(tb, few, prefix) }},
	{"goflow-batched-metered", func(tb testing.TB, prefix string) ask { return newKeyedAs(tb, few, prefix, batched) }},
	{"goflow-leased-metered", func(tb testing.TB, prefix string) ask { return newKeyedAs(tb, few, prefix, leased) }},
	{"redis_rate", func(tb testing.TB, _ string) ask { return newRedisRate(byDefault(tb), few) }},
	{"ulule", func(tb testing.TB, _ string) ask { return newUlule(tb, few) }},
	{"rueidis-gcra", func(tb testing.TB, _ string) ask { return newRueidisGCRA(tb, few) }},
}

// BenchmarkShared lets goroutines of several clients ask about one key, all the time, for two seconds. More
// than 1 is too many.
func BenchmarkShared(b *testing.B) {
	for _, goroutines := range []int{4, 64} {
		for _, s := range sharers {
			b.Run(fmt.Sprintf("goroutines=%d/impl=%s", goroutines, s.impl), func(b *testing.B) {
				for b.Loop() {
					prefix := redistest.Prefix(b)
					asks := make([]ask, processes)
					for i := range asks {
						asks[i] = s.make(b, prefix)
					}
					b.ReportMetric(admitted(b, asks, prefix, goroutines), "admitted/allowed")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// admitted measures how many permits are given, as a part of rate*t + burst.
func admitted(b *testing.B, asks []ask, key string, goroutines int) float64 {
	b.Helper()
	var (
		begin = time.Now()
		stop  atomic.Bool
		given atomic.Int64
		wg    sync.WaitGroup
	)
	for g := range goroutines {
		allow := asks[g%len(asks)]
		wg.Go(func() {
			for !stop.Load() {
				if ok, err := allow(context.Background(), key); err == nil && ok {
					given.Add(1)
				}
			}
		})
	}
	<-time.After(2 * time.Second)
	stop.Store(true)
	wg.Wait()
	return float64(given.Load()) / (float64(few)*time.Since(begin).Seconds() + float64(few))
}
