package limit

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
)

// Keyed is a token bucket for each key: a client, a tenant, a route. Most callers want
// [Keyed.Allow], or [Keyed.Take] where headers are to be sent.
//
// A key costs 16 bytes in a table that is at least half full: a 64-bit hash of the key under a seed
// of this limiter, and the time its permits are paid for. The key itself is not kept, nor any
// pointer, so a million keys cost the garbage collector nothing. A key none of whose permits are in
// use is the same as a key never seen, so forgetting those is exact: no key in use is ever evicted.
// Beyond MaxKeys, new keys share one bucket. Two keys share one when their hashes meet: with a
// million keys that happens once in 37 million limiters.
//
// An attacker who sends ever new keys therefore fills the table, and then only the shared bucket.
// All methods are safe for concurrent use; decisions about keys held take no lock. It starts no
// goroutine.
type Keyed struct {
	inst     instrument
	metrics  points
	seed     maphash.Seed
	maxKeys  int64
	classOf  func(key string) int // nil without classes
	classes  []*quota             // never changed
	tuning   sync.Mutex           // held by changes of the quota, which go from shard to shard
	overflow cell                 // the shared bucket; holds the quota in force

	_      [64]byte
	keys   atomic.Int64 // held now; above maxKeys only while a further one is being refused
	_      [56]byte
	shards [shards]shard

	fullUntil atomic.Int64 // no shard has keys to forget until then
	refunded  atomic.Int64 // permits
	charged   atomic.Int64 // permits
}

// shards is how many tables the keys are spread over, by their hash's leading bits.
const (
	shardBits = 6
	shards    = 1 << shardBits
)

// NewKeyed makes a keyed limiter. The name is its telemetry's and its errors'. A wrong config is an
// error that names every field at fault. Close it when it is no longer needed.
func NewKeyed(name string, cfg KeyedConfig, opts ...Option) (*Keyed, error) {
	o := newOptions(opts)
	if err := core.Configure("limit", name, errors.Join(cfg.Validate(), o.validClasses())); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	k := &Keyed{inst: newInstrument(name, opts), seed: maphash.MakeSeed(), maxKeys: int64(cfg.MaxKeys)}
	k.metrics = k.inst.points()
	q := k.classify(newQuota(cfg.Rate, cfg.Burst, clock.Now()), o)
	k.overflow.quota.Store(q)
	k.fullUntil.Store(q.base)
	for i := range k.shards {
		k.shards[i].table.Store(k.newTable(q, 0))
		k.shards[i].purgeAt.Store(q.base)
	}
	k.inst.start((*keyedReading)(k))
	return k, nil
}

// Name is the name the limiter was made with.
func (k *Keyed) Name() string { return k.inst.name }

// Allow takes a permit of key's if there is one. It never blocks.
func (k *Keyed) Allow(ctx context.Context, key string) bool { return k.AllowN(ctx, key, 1) }

// AllowN takes n permits of key's if there are so many, or none. It never blocks. It is false for n
// that [Keyed.Take] refuses with an error.
func (k *Keyed) AllowN(ctx context.Context, key string, n int) bool {
	if k.inst.scope.Traced(ctx) {
		d, err := k.takeTraced(ctx, spanAllow, key, n)
		return err == nil && d.Allowed
	}
	c, err := k.claim(clock.Now(), key, n)
	return err == nil && c.ok
}

// Take takes n permits of key's if there are so many, or none, and describes the decision. It never
// blocks. The error is a [*PermitsError] when n is not positive or above the burst.
func (k *Keyed) Take(ctx context.Context, key string, n int) (Decision, error) {
	if k.inst.scope.Traced(ctx) {
		return k.takeTraced(ctx, spanTake, key, n)
	}
	return k.decide(clock.Now(), key, n)
}

func (k *Keyed) takeTraced(ctx context.Context, verb, key string, n int) (Decision, error) {
	start := clock.Now()
	d, err := k.decide(start, key, n)
	k.inst.trace(ctx, verb, start, observation{
		n: n, outcome: outcomeOf(d.Allowed, 0), retryAfter: d.RetryAfter, key: key,
	}, err)
	return d, err
}

func (k *Keyed) decide(now int64, key string, n int) (Decision, error) {
	c, err := k.claim(now, key, n)
	if err != nil {
		return Decision{}, err
	}
	return c.decision(n), nil
}

// claim takes and counts.
func (k *Keyed) claim(now int64, key string, n int) (claim, error) {
	c, _, err := k.claimHashed(now, maphash.String(k.seed, key), k.class(key), n)
	return c, err
}

// claimHashed is claim for a key's hash. It says whether the key is held, and not in the shared bucket.
func (k *Keyed) claimHashed(now int64, h uint64, class, n int) (c claim, held bool, err error) {
	s := &k.shards[h>>(64-shardBits)]
	if burst := k.burst(class); n <= 0 || n > burst {
		s.denied.Add(1)
		return claim{}, false, &PermitsError{Limiter: k.inst.name, Permits: n, Burst: burst}
	}
	c, held = k.take(s, h, class, now, n, false)
	if !held {
		c = k.overflow.take(now, n)
		s.overflowed.Add(1)
	}
	s.counted(c, n)
	return c, held, c.within(k.inst.name, n)
}

// For gives the limiter of one key, for [Reject] and [Pace].
func (k *Keyed) For(key string) Limiter { return one{k, key} }

// one is one key's share of a KeyedLimiter.
type one struct {
	keyed *Keyed
	key   string
}

func (o one) Take(ctx context.Context, n int) (Decision, error) { return o.keyed.Take(ctx, o.key, n) }

func (o one) Name() string { return o.keyed.Name() }

// SetRate changes the rate of every key. Permits in use stay in use. It is an error with [WithClasses].
func (k *Keyed) SetRate(ctx context.Context, rate Rate) error {
	return k.set(ctx, func(q *quota) (Rate, int) { return rate, q.burst })
}

// SetBurst changes the burst of every key. Permits in use stay in use. It is an error with [WithClasses].
func (k *Keyed) SetBurst(ctx context.Context, burst int) error {
	return k.set(ctx, func(q *quota) (Rate, int) { return q.rate, burst })
}

func (k *Keyed) set(ctx context.Context, to func(q *quota) (Rate, int)) error {
	if k.classOf != nil {
		return fmt.Errorf("limit: %q: %w: the quota of a limiter with classes cannot be changed", k.inst.name, core.ErrInvalid)
	}
	q, err := k.retune(clock.Now(), to)
	if err == nil {
		k.inst.quotaChanged(ctx, q.rate, q.burst)
	}
	return err
}

// retune changes rate and burst of every key and returns the quota in force.
func (k *Keyed) retune(now int64, to func(q *quota) (Rate, int)) (*quota, error) {
	k.tuning.Lock()
	defer k.tuning.Unlock()
	q, err := k.overflow.retune(now, k.inst.name, to)
	if err != nil {
		return nil, err
	}
	for i := range k.shards {
		k.shards[i].retune(k, q, now)
	}
	return q, nil
}

// Len is how many keys are held now. Keys none of whose permits are in use may still be among them.
func (k *Keyed) Len() int { return int(min(k.keys.Load(), k.maxKeys)) }

// Close takes the limiter out of telemetry; its counts stay in its kind's totals. Decisions made
// afterwards are as right as before, but not counted there. It is idempotent.
func (k *Keyed) Close() { k.inst.stop() }

// String gives the name, rate and burst.
func (k *Keyed) String() string {
	q := k.overflow.quota.Load()
	return fmt.Sprintf("keyed limiter %q: %v, burst %d for each key", k.inst.name, q.rate, q.burst)
}

// place is where in a table of n slots the search for a hash begins. The shard's bits are used up.
func place(h uint64, n int) int {
	hi, _ := bits.Mul64(h<<shardBits, uint64(n))
	return int(hi)
}
