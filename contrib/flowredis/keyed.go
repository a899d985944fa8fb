package flowredis

import (
	"context"
	"fmt"

	"github.com/goflow-go/goflow/limit"
)

// Keyed is a [Limiter] for each key: a client, a tenant, a route. A key costs Redis memory while some of
// its permits are in use, and nothing afterwards. Any text is a key; one of more than 256 bytes is
// hashed. It is a limit.KeyedLimiter.
//
// A decision is one round trip, of one script on one key, within the coordinator's budget. All methods
// are safe for concurrent use. It starts no goroutine.
type Keyed struct {
	shared
	names keyNames
}

var _ limit.KeyedLimiter = (*Keyed)(nil)

func newKeyed(name string, c *Coordinator, set settings, opts []Option) (*Keyed, error) {
	k := &Keyed{}
	set = set.withDefaults()
	if err := k.init(name, c, set, opts); err != nil {
		return nil, err
	}
	if set.cacheDenials || set.lease > 0 {
		k.denials = newDenials(keyPlaces)
	}
	k.names = newKeyNames(c.cfg.Prefix, name, set.algorithm.kind)
	k.quotaKey = named(c.cfg.Prefix, name, set.algorithm.kind+"-keyed-quota")
	k.share.newLocal = func(rate limit.Rate, burst int) (local, error) {
		l, err := limit.NewKeyed(name, limit.KeyedConfig{Rate: rate, Burst: burst, MaxKeys: set.maxKeys}, silent)
		return localKeyed{l}, err
	}
	k.open()
	return k, nil
}

func (k *Keyed) target(key string) target { return target{k.names.of(key), key} }

// Allow takes a permit of key's if there is one. It waits for Redis, within the budget and ctx.
func (k *Keyed) Allow(ctx context.Context, key string) bool { return k.AllowN(ctx, key, 1) }

// AllowN takes n permits of key's if there are so many, or none. It is false when [Keyed.Take] gives an
// error.
func (k *Keyed) AllowN(ctx context.Context, key string, n int) bool {
	d, err := k.take(ctx, spanAllow, k.target(key), n)
	return err == nil && d.Allowed
}

// Take takes n permits of key's if there are so many, or none, and describes the decision. It waits for
// Redis, within the budget and ctx. The errors are those of [Limiter.Take].
func (k *Keyed) Take(ctx context.Context, key string, n int) (limit.Decision, error) {
	return k.take(ctx, spanTake, k.target(key), n)
}

// For gives the limiter of one key, for limit.Reject and limit.Pace.
func (k *Keyed) For(key string) limit.Limiter { return one{k, key} }

// one is one key's share of a Keyed.
type one struct {
	keyed *Keyed
	key   string
}

func (o one) Take(ctx context.Context, n int) (limit.Decision, error) {
	return o.keyed.Take(ctx, o.key, n)
}

func (o one) Name() string { return o.keyed.Name() }

// String gives the name, rate and burst.
func (k *Keyed) String() string {
	q := k.quota.Load()
	return fmt.Sprintf("shared keyed limiter %q: %v, burst %d for each key", k.name, q.rate, q.burst)
}
