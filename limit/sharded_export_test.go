package limit

import (
	"time"

	"github.com/goflow-go/goflow/internal/stripe"
)

// Shards is how many shards a sharded bucket has.
const Shards = stripe.Cells

// NewShardedAt makes a sharded bucket whose clock readings are given.
func NewShardedAt(name string, cfg ShardedConfig) (*ShardedBucket, error) {
	b, err := NewSharded(name, cfg)
	if err == nil {
		b.quota.Store(b.quota.Load().at(At0))
	}
	return b, err
}

// AllowAt is AllowN of a caller of a shard.
func (b *ShardedBucket) AllowAt(now time.Duration, shard, n int) (bool, error) {
	return b.takeAt(At0+int64(now), &b.shards[shard], n)
}

// Chunk is how many permits a shard holds at most.
func (b *ShardedBucket) Chunk() int { return int(b.chunk) }

// Held is how many permits the shards hold.
func (b *ShardedBucket) Held() (all, most int64) {
	for i := range b.shards {
		held := b.shards[i].held()
		all, most = all+held, max(most, held)
	}
	return all, most
}
