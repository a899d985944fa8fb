package limit

import (
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
)

// Stats reads the counters and the state. Permits that a shard holds are not in use.
func (b *ShardedBucket) Stats() Stats {
	s := Stats{Rate: b.quota.Load().rate, Burst: b.burst}
	var held int64
	for i := range b.shards {
		sh := &b.shards[i]
		used, several := sh.used.Load(), sh.several.Load()
		s.Allowed += used + several
		s.Permits += used + sh.permits.Load()
		s.Denied += sh.denied.Load()
		held += max(sh.held(), 0)
	}
	c := b.look(clock.Now())
	leased := c.quota.permits(max(c.tat-c.t, 0))
	s.InUse = int(max(leased+int64(len(b.shards))*b.chunk-held, 0))
	return s
}

// shardedReading is how a ShardedBucket is read at collection, kept off its method set.
type shardedReading ShardedBucket

func (b *shardedReading) Observe(o *telemetry.Observer) {
	s := (*ShardedBucket)(b).Stats()
	b.metrics.observe(o, s)
	o.Observe(&b.metrics.usage, int64(s.InUse))
}
