package limit

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/stripe"
)

// ShardedBucket is a token bucket for rates so high that asking is a cost of its own: its permits are
// leased to shards in chunks, so that most decisions read no clock and write a cache line that no
// other processor writes.
//
// In any stretch of time t it allows at most rate*t + burst permits, as a [TokenBucket] does. A shard
// holds only permits already taken, at most a chunk: 100 µs of the rate, or the burst's share if that
// is less. Those may be used late, so all shards' chunks (at most half the burst) are kept out of the
// burst that is leased from: what was leased in t, and what was held before, make burst together.
//
// The price: a caller may be denied while other shards hold permits, at most those chunks. So from
// half the burst to all of it can be had at once; the rate is not lowered. It starts full. All methods
// are safe for concurrent use. It starts no goroutine.
type ShardedBucket struct {
	cell // what may be leased
	_    [120]byte

	shards  [stripe.Cells]leases
	inst    instrument
	metrics points
	burst   int
	chunk   int64
}

// leases is a shard: how many permits have been leased to it, and how many of them given out, never more
// than those but while a lease is being noted. Both only grow, so who sees used below limit, and swaps
// it, has a permit.
type leases struct {
	used, limit atomic.Int64
	denied      atomic.Int64 // decisions
	several     atomic.Int64 // decisions about several permits that were allowed
	permits     atomic.Int64 // what those took
	mu          sync.Mutex   // held by who raises limit
	_           [80]byte
}

// NewSharded makes a sharded bucket. The name is its telemetry's and its errors'. A wrong config is an
// error that names every field at fault. Close it when it is no longer needed.
func NewSharded(name string, cfg ShardedConfig, opts ...Option) (*ShardedBucket, error) {
	if err := core.Configure("limit", name, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	b := &ShardedBucket{inst: newInstrument(name, opts), burst: cfg.Burst, chunk: cfg.chunk()}
	b.metrics = b.inst.points()
	b.quota.Store(newQuota(cfg.Rate, cfg.Burst-stripe.Cells*int(b.chunk), clock.Now()))
	for i := range b.shards {
		b.shards[i].limit.Store(b.chunk)
	}
	b.inst.start((*shardedReading)(b))
	return b, nil
}

// Name is the name the bucket was made with.
func (b *ShardedBucket) Name() string { return b.inst.name }

// Allow takes a permit if there is one. It never waits for one.
func (b *ShardedBucket) Allow(ctx context.Context) bool {
	if b.inst.scope.Traced(ctx) {
		return b.AllowN(ctx, 1)
	}
	s := &b.shards[stripe.Index()]
	if used := s.used.Load(); used < s.limit.Load() && s.used.CompareAndSwap(used, used+1) {
		return true
	}
	return s.allow(&b.cell, clock.Now(), b.chunk)
}

// AllowN takes n permits if there are so many, or none. It never waits for them. It is false for n that
// [ShardedBucket.Take] refuses with an error.
func (b *ShardedBucket) AllowN(ctx context.Context, n int) bool {
	if b.inst.scope.Traced(ctx) {
		d, err := b.takeTraced(ctx, spanAllow, n)
		return err == nil && d.Allowed
	}
	ok, err := b.takeAt(clock.Now(), &b.shards[stripe.Index()], n)
	return ok && err == nil
}

// Take takes n permits if there are so many, or none. Several are never taken from a shard, so they are
// denied when less than n are not leased. The decision describes those that are not: Limit is the burst
// less all chunks. It never waits for permits. The error is a [*PermitsError] when n is not positive or
// above that limit.
func (b *ShardedBucket) Take(ctx context.Context, n int) (Decision, error) {
	if b.inst.scope.Traced(ctx) {
		return b.takeTraced(ctx, spanTake, n)
	}
	return b.decide(clock.Now(), &b.shards[stripe.Index()], n)
}

func (b *ShardedBucket) takeTraced(ctx context.Context, verb string, n int) (Decision, error) {
	start := clock.Now()
	d, err := b.decide(start, &b.shards[stripe.Index()], n)
	b.inst.trace(ctx, verb, start, observation{n: n, outcome: outcomeOf(d.Allowed, 0), retryAfter: d.RetryAfter}, err)
	return d, err
}

// decide takes, counts and describes.
func (b *ShardedBucket) decide(now int64, s *leases, n int) (Decision, error) {
	ok, err := b.takeAt(now, s, n)
	if err != nil {
		return Decision{}, err
	}
	c := b.look(now)
	c.ok = ok
	d := c.decision(n)
	d.RetryAfter = max(d.RetryAfter, 0) // others may have given back meanwhile
	return d, nil
}

// takeAt takes and counts.
func (b *ShardedBucket) takeAt(now int64, s *leases, n int) (bool, error) {
	if n == 1 {
		return s.hand() || s.allow(&b.cell, now, b.chunk), nil
	}
	if most := b.quota.Load().most; n <= 0 || n > most {
		s.denied.Add(1)
		return false, &PermitsError{Limiter: b.inst.name, Permits: n, Burst: most}
	}
	if !b.take(now, n).ok {
		s.denied.Add(1)
		return false, nil
	}
	s.several.Add(1)
	s.permits.Add(int64(n))
	return true, nil
}

// held is how many permits the shard holds.
func (s *leases) held() int64 {
	used := s.used.Load() // before limit, which is never below it
	return s.limit.Load() - used
}

// hand takes a permit that the shard holds.
func (s *leases) hand() bool {
	for {
		used := s.used.Load()
		if used >= s.limit.Load() {
			return false
		}
		if s.used.CompareAndSwap(used, used+1) {
			return true
		}
	}
}

// allow takes a permit when the shard held none: it leases a chunk, and one more for the caller.
func (s *leases) allow(c *cell, now int64, chunk int64) bool {
	if c.look(now).free() > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.hand() { // someone else has just leased
			return true
		}
		if got := c.takeSome(now, int(chunk)+1); got > 0 {
			s.used.Add(1) // the caller's: before limit, so that no one else takes it
			s.limit.Add(int64(got))
			return true
		}
	}
	s.denied.Add(1)
	return false
}

// free is how many permits can be had.
func (c claim) free() int64 {
	return (c.quota.tolerance - max(c.tat-c.t, 0)) / c.quota.interval
}

// takeSome takes as many permits as are free, most at most.
func (c *cell) takeSome(now int64, most int) int {
	for {
		tat, q := c.read(now)
		at := claim{quota: q, t: q.ticks(now), tat: tat}
		got := min(at.free(), int64(most))
		if got <= 0 && c.tat.Load() == tat {
			return 0
		}
		if got > 0 && c.tat.CompareAndSwap(tat, max(tat, at.t)+got*q.interval) {
			return int(got)
		}
	}
}

// Close takes the bucket out of telemetry; its counts stay in its kind's totals. Decisions made
// afterwards are as right as before, but not counted there. It is idempotent.
func (b *ShardedBucket) Close() { b.inst.stop() }

// String gives the name, rate and burst.
func (b *ShardedBucket) String() string {
	return fmt.Sprintf("sharded bucket %q: %v, burst %d", b.inst.name, b.quota.Load().rate, b.burst)
}
