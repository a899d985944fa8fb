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

// BenchmarkModes is a decision asked for by 64 callers at a time, in each of the ways there are.
func BenchmarkModes(b *testing.B) {
	scarce := flowredis.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 1}
	for _, c := range []struct {
		name string
		cfg  flowredis.TokenBucketConfig
		set  func(cfg *flowredis.TokenBucketConfig)
	}{
		{"exact", plenty, func(*flowredis.TokenBucketConfig) {}},
		{"batched", plenty, func(cfg *flowredis.TokenBucketConfig) { cfg.Batch = true }},
		{"leased", flowredis.TokenBucketConfig{Rate: limit.PerSecond(4e6), Burst: 2e7}, func(cfg *flowredis.TokenBucketConfig) { cfg.Lease = 4e6 }},
		{"cached denial", scarce, func(cfg *flowredis.TokenBucketConfig) { cfg.CacheDenials = true }},
	} {
		c.set(&c.cfg)
		co := coordinate(b, clientOf(b, redistest.Shared(b).Addr()), unhurried)
		l, k := newBucket(b, co, c.cfg), newKeyed(b, co, c.cfg)
		keys := make([]string, 1024)
		for i := range keys {
			keys[i] = "client-" + strconv.Itoa(i)
		}
		b.Run(c.name, func(b *testing.B) { callers(b, func(int) { _, _ = l.Take(context.Background(), 1) }) })
		b.Run(c.name+" keyed", func(b *testing.B) {
			callers(b, func(i int) { _, _ = k.Take(context.Background(), keys[i%1024], 1) })
		})
	}
}

// BenchmarkRegional is a decision of a region that has borrowed from four others, asked for by 64 callers.
func BenchmarkRegional(b *testing.B) {
	client := clientOf(b, redistest.Shared(b).Addr())
	for _, batched := range []bool{false, true} {
		cfg := flowredis.RegionalConfig{
			Region: "r0", Rate: limit.PerSecond(1e8), Burst: 1e8, Batch: batched,
			Coordinator: flowredis.Config{Prefix: prefix(b), Budget: patient},
		}
		for i := range 5 {
			cfg.Regions = append(cfg.Regions, flowredis.Region{Name: "r" + strconv.Itoa(i), Client: client})
		}
		var all []*flowredis.Regional
		for i := range 5 {
			cfg.Region = "r" + strconv.Itoa(i)
			all = append(all, newRegional(b, cfg))
		}
		name := "exact"
		if batched {
			name = "batched"
		}
		b.Run(name, func(b *testing.B) { callers(b, func(int) { _, _ = all[0].Take(context.Background(), 1) }) })
	}
}

// callers lets 64 of them decide.
func callers(b *testing.B, decide func(i int)) {
	b.Helper()
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		i := int(next.Add(1)) * 7
		for pb.Next() {
			decide(i)
			i++
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
}
