package flowredis_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

// plenty is a quota that is never used up.
var plenty = flowredis.TokenBucketConfig{Rate: limit.PerSecond(1e8), Burst: 1e8}

func BenchmarkTake(b *testing.B) {
	l := newBucket(b, coordinate(b, calmClient(b, redistest.Shared(b).Addr()), unhurried), plenty)
	for _, callers := range []int{1, 16, 64} {
		b.Run("callers="+strconv.Itoa(callers), func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(max(callers/2, 1)) // times GOMAXPROCS
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, _ = l.Take(context.Background(), 1)
				}
			})
		})
	}
}

func BenchmarkTakeKeyed(b *testing.B) {
	k := newKeyed(b, coordinate(b, calmClient(b, redistest.Shared(b).Addr()), unhurried), plenty)
	keys := make([]string, 1024)
	for i := range keys {
		keys[i] = "client-" + strconv.Itoa(i)
	}
	var next atomic.Uint32
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, _ = k.Take(context.Background(), keys[next.Add(1)%1024], 1)
		}
	})
}
