package flowredis

import (
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// LeakyBucketConfig is the config of a leaky bucket, for all or for each key.
type LeakyBucketConfig struct {
	// Rate is how fast permits leave. Required.
	Rate limit.Rate `json:"rate" yaml:"rate" env:"RATE"`
	// Fallback is what decides when Redis cannot be asked. Defaults to [FallbackLocal].
	Fallback Fallback `json:"fallback" yaml:"fallback" env:"FALLBACK"`
	// MaxWaiters is how many callers of this process may wait at the same time; further ones are
	// rejected at once. Defaults to 10,000. A keyed limiter has no waiters.
	MaxWaiters int `json:"max_waiters" yaml:"max_waiters" env:"MAX_WAITERS"`
	// MaxKeys is how many keys of a keyed limiter are told apart while [FallbackLocal] decides; the others
	// share one bucket. Redis keeps any number of them. Defaults to 100,000.
	MaxKeys int `json:"max_keys" yaml:"max_keys" env:"MAX_KEYS"`
	// CacheDenials denies without a round trip what Redis has denied, until its RetryAfter is over. It
	// never denies what Redis would allow; except that a quota set elsewhere, or a state that Redis has
	// lost, may be noticed as much later.
	CacheDenials bool `json:"cache_denials" yaml:"cache_denials" env:"CACHE_DENIALS"`
	// Batch lets concurrent callers of this process share round trips: more decisions, each a
	// little slower. Permits decided for a caller that left meanwhile count as used. In a cluster, those
	// who share one wait for the slowest server.
	Batch bool `json:"batch" yaml:"batch" env:"BATCH"`
}

// Validate reports everything that is wrong with c.
func (c LeakyBucketConfig) Validate() error { return c.settings().Validate() }

func (c LeakyBucketConfig) settings() settings {
	return settings{
		algorithm: leakyBucket, rate: c.Rate, burst: 1,
		fallback: c.Fallback, maxWaiters: c.MaxWaiters, maxKeys: c.MaxKeys,
		cacheDenials: c.CacheDenials, batch: c.Batch,
	}
}

// leakyBucket is a token bucket with room for one permit, which can be had in advance by who waits for it.
var leakyBucket = &algorithm{
	name:   flowconv.LimiterAlgorithmLeakyBucket,
	kind:   "lb",
	script: paceScript,
	paced:  true,
	prepare: func(rate limit.Rate, burst int) ([]any, reader) {
		t := newTicks(rate, burst)
		return []any{t.permit, t.micro, t.burst}, pacing{t}
	},
	valid: func(_ limit.Rate, burst int) error {
		var faults core.Faults
		faults.Require(burst == 1, "Burst", burst, "must be 1 for a leaky bucket")
		return faults.Err()
	},
}

// NewLeakyBucket makes a stream smooth that comes from many processes: permits leave one at a time, an
// interval of the rate apart, however long no one asked. In any stretch of time t, all processes
// together get at most rate*t + 1. Most callers want [Limiter.Wait]: one round trip gives each caller a
// time of its own, after those of all who asked before it anywhere, and it waits for that. One that gives
// up gives its time back if no one came after. SetBurst is an error.
func NewLeakyBucket(name string, c *Coordinator, cfg LeakyBucketConfig, opts ...Option) (*Limiter, error) {
	return newLimiter(name, c, cfg.settings(), opts)
}

// NewKeyedLeakyBucket is [NewLeakyBucket] with a bucket for each key.
func NewKeyedLeakyBucket(name string, c *Coordinator, cfg LeakyBucketConfig, opts ...Option) (*Keyed, error) {
	return newKeyed(name, c, cfg.settings(), opts)
}
