package limit_test

import (
	"context"
	"testing"

	"github.com/goflow-go/goflow/limit"
)

func BenchmarkTokenBucketAllow(b *testing.B) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		rate limit.Rate
	}{
		{"allowed", limit.PerSecond(1e9)},
		{"denied", limit.PerHour(1)},
	} {
		bucket, err := limit.NewTokenBucket("bench", limit.TokenBucketConfig{Rate: c.rate, Burst: 1000})
		if err != nil {
			b.Fatal(err)
		}
		for bucket.Allow(ctx) && c.name == "denied" {
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bucket.Allow(ctx)
			}
		})
		b.Run(c.name+"/parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					bucket.Allow(ctx)
				}
			})
		})
	}
}
