package limit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/goflow-go/goflow/limit"
)

func BenchmarkKeyedAllow(b *testing.B) {
	ctx := context.Background()
	for _, n := range []int{1, 10_000, 1_000_000} {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = fmt.Sprintf("client-%07d", i)
		}
		rand.Shuffle(n, func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		k, err := limit.NewKeyed("bench", limit.KeyedConfig{Rate: limit.PerHour(60), Burst: 1000, MaxKeys: 2_000_000})
		if err != nil {
			b.Fatal(err)
		}
		for _, key := range keys {
			k.Allow(ctx, key)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				k.Allow(ctx, keys[i])
				if i++; i == n {
					i = 0
				}
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/key")
		})
		k.Close()
	}
}
