package flowredis

import (
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// TokenBucketConfig is the config of a token bucket, for all or for each key.
type TokenBucketConfig struct {
	// Rate is how fast permits come back. Required. Redis counts in integers: whole numbers of permits a
	// second, minute, hour or day are exact unless the burst is in the millions; other rates are
	// rounded down by less than one part in a million, or in 2^50/Burst if that is fewer.
	Rate limit.Rate `json:"rate" yaml:"rate" env:"RATE"`
	// Burst is how many permits can be had at once. Defaults to 1.
	Burst int `json:"burst" yaml:"burst" env:"BURST"`
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
	// Lease is how many permits at most a process takes from Redis at a time, to give them out alone:
	// hundreds of times the decisions, and no round trip for most. The limit holds as exactly, however
	// many processes there are: what a lease holds is kept out of the burst, so no more than
	// Burst - Lease can be had at once, and what is not used in the time in which Lease permits come (an
	// instant, unless Lease is what comes in several round trips or more) is lost. Leases grow with what
	// is used, and what will not be used goes back. Denials are cached, and decisions describe the
	// bucket as of the lease. At most half of Burst. Defaults to none. Processes that share should have
	// the same.
	Lease int `json:"lease" yaml:"lease" env:"LEASE"`
}

// Validate reports everything that is wrong with c.
func (c TokenBucketConfig) Validate() error { return c.settings().Validate() }

func (c TokenBucketConfig) settings() settings {
	a := tokenBucket
	if c.Lease > 0 {
		a = leased(c.Lease)
	}
	return settings{
		algorithm: a, rate: c.Rate, burst: c.Burst,
		fallback: c.Fallback, maxWaiters: c.MaxWaiters, maxKeys: c.MaxKeys,
		cacheDenials: c.CacheDenials, batch: c.Batch, lease: c.Lease,
	}
}

var tokenBucket = &algorithm{
	name:   flowconv.LimiterAlgorithmTokenBucket,
	kind:   "tb",
	script: gcraScript,
	prepare: func(rate limit.Rate, burst int) ([]any, reader) {
		t := newTicks(rate, burst)
		return []any{t.permit, t.micro, t.burst}, t
	},
}

// NewTokenBucket makes a token bucket that every process has a part in whose coordinator uses the same
// Redis and prefix: one limit for everyone who asks. It is exact, like limit.TokenBucket. The name is
// the limit's, its telemetry's and its errors'. A wrong config is an error that names every field at
// fault. It asks Redis nothing yet. Close it when it is no longer needed.
func NewTokenBucket(name string, c *Coordinator, cfg TokenBucketConfig, opts ...Option) (*Limiter, error) {
	return newLimiter(name, c, cfg.settings(), opts)
}

// NewKeyedTokenBucket is [NewTokenBucket] with a bucket for each key: a client, a tenant, a route.
func NewKeyedTokenBucket(name string, c *Coordinator, cfg TokenBucketConfig, opts ...Option) (*Keyed, error) {
	return newKeyed(name, c, cfg.settings(), opts)
}
