package flowredis

import (
	"context"
	"fmt"

	"github.com/goflow-go/goflow/core"
)

// Concurrency bounds what runs at the same time in all processes together: a weighted semaphore around a
// dependency that they share. Permits are held until they are released, or their process dies: then
// they come back when the lease is over. Most callers use it as a policy around the work;
// [Concurrency.Acquire] is for work that does not fit in one function.
//
// A permit is taken and given back by a round trip each, within the coordinator's budget. Leases are
// renewed with the coordinator's heartbeats, by one call for all permits of a key, so the coordinator must be
// started: what is held longer than a lease without that is lost. Callers of a process are served in order
// of arrival, and processes compete. All methods are safe for concurrent use. It starts no goroutine.
//
// As long as clocks run at one pace, no more than Limit is held at any time, except that after a failover
// permits whose replication was lost can be had again. So it bounds load; it is no lock.
type Concurrency struct {
	holdings
	target target
}

var _ core.Policy = (*Concurrency)(nil)

// NewConcurrency makes a concurrency limit for everyone who asks, in every process that shares it. The name
// is the limit's, its telemetry's and its errors'. A wrong config is an error that names every field at
// fault. It asks Redis nothing yet. Close it when it is no longer needed.
func NewConcurrency(name string, c *Coordinator, cfg ConcurrencyConfig, opts ...Option) (*Concurrency, error) {
	l := &Concurrency{}
	l.turn = make(chan struct{}, 1)
	if err := l.init(name, c, cfg, opts); err != nil {
		return nil, err
	}
	l.target.state = named(c.cfg.Prefix, name, holdingsKind)
	return l, nil
}

// TryAcquire takes n permits if they are free, or none. It waits for Redis, within the budget and ctx, never
// for permits. The error is a *limit.FullError when too few are free, a *limit.PermitsError when n is not
// positive or above the limit, a [*CanceledError] when ctx ends, and an [*UnavailableError] when Redis cannot
// be asked and the limit fails closed.
func (l *Concurrency) TryAcquire(ctx context.Context, n int) (*Permit, error) {
	return l.acquire(ctx, l.target, n, false)
}

// Acquire takes n permits, and blocks until it has all of them. It fails at once with a *limit.FullError when
// MaxWaiters wait already. When ctx ends first, the error is a *limit.WaitError and nothing is held. A permit
// that another process gave back is noticed within a tenth of a second. The other errors are those of
// TryAcquire.
func (l *Concurrency) Acquire(ctx context.Context, n int) (*Permit, error) {
	return l.acquire(ctx, l.target, n, true)
}

// Do runs task while it holds a permit: it waits for one as Acquire does when the config says Wait, and
// otherwise fails as TryAcquire does. When the permit is lost, the task's context ends with a [*LostError].
func (l *Concurrency) Do(ctx context.Context, task core.Task) error {
	return l.do(ctx, l.target, task)
}

// String gives the name and the limit.
func (l *Concurrency) String() string {
	return fmt.Sprintf("shared concurrency limit %q: %d", l.name, l.cfg.Limit)
}

// KeyedConcurrency is a [Concurrency] limit for each key: a tenant, an account. A key costs Redis memory
// while permits of it are held. Any text is a key; one of more than 256 bytes is hashed. Callers that wait
// for a key are served in no order.
type KeyedConcurrency struct {
	holdings
	names keyNames
}

// NewKeyedConcurrency is [NewConcurrency] with a limit for each key.
func NewKeyedConcurrency(name string, c *Coordinator, cfg ConcurrencyConfig, opts ...Option) (*KeyedConcurrency, error) {
	k := &KeyedConcurrency{}
	if err := k.init(name, c, cfg, opts); err != nil {
		return nil, err
	}
	k.names = newKeyNames(c.cfg.Prefix, name, holdingsKind)
	return k, nil
}

func (k *KeyedConcurrency) target(key string) target { return target{k.names.of(key), key} }

// TryAcquire is [Concurrency.TryAcquire] for a key.
func (k *KeyedConcurrency) TryAcquire(ctx context.Context, key string, n int) (*Permit, error) {
	return k.acquire(ctx, k.target(key), n, false)
}

// Acquire is [Concurrency.Acquire] for a key.
func (k *KeyedConcurrency) Acquire(ctx context.Context, key string, n int) (*Permit, error) {
	return k.acquire(ctx, k.target(key), n, true)
}

// For gives the policy that is [Concurrency.Do] for a key.
func (k *KeyedConcurrency) For(key string) core.Policy {
	return core.PolicyFunc(func(ctx context.Context, task core.Task) error { return k.do(ctx, k.target(key), task) })
}

// String gives the name and the limit.
func (k *KeyedConcurrency) String() string {
	return fmt.Sprintf("shared keyed concurrency limit %q: %d for each key", k.name, k.cfg.Limit)
}
