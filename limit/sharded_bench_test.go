package limit_test

import (
	"testing"

	"github.com/goflow-go/goflow/limit"
)

func BenchmarkShardedBucket(b *testing.B) {
	benchmarkTake(b, func(b *testing.B, plenty bool, opt limit.Option) asker {
		b.Helper()
		cfg := limit.ShardedConfig{Rate: limit.PerSecond(1e9), Burst: 1 << 20}
		if !plenty {
			cfg = limit.ShardedConfig{Rate: limit.PerSecond(100_000), Burst: 128}
		}
		return newSharded(b, cfg, opt)
	})
}
