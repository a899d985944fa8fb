package limit

import "time"

// The seams below give an operation its time, in nanoseconds since At0, instead of the clock's.

// At0 is the time a bucket made by NewAt is made at.
const At0 = int64(1) << 40

// NewAt makes a token bucket whose clock readings are given.
func NewAt(name string, cfg TokenBucketConfig) (*TokenBucket, error) {
	b, err := NewTokenBucket(name, cfg)
	if err == nil {
		b.quota.Store(b.quota.Load().at(At0))
	}
	return b, err
}

// NewKeyedAt makes a keyed limiter whose clock readings are given.
func NewKeyedAt(name string, cfg KeyedConfig, opts ...Option) (*Keyed, error) {
	k, err := NewKeyed(name, cfg, opts...)
	if err == nil {
		q := k.overflow.quota.Load().at(At0)
		k.overflow.quota.Store(q)
		for i := range k.shards {
			k.shards[i].table.Store(k.newTable(q, 0))
		}
	}
	return k, err
}

func (b *TokenBucket) TakeAt(now time.Duration, n int) (Decision, error) {
	return b.decide(At0+int64(now), n)
}

// ReserveAt also gives the delay.
func (b *TokenBucket) ReserveAt(now time.Duration, n int) (*Reservation, time.Duration, error) {
	r, err := b.reserve(At0+int64(now), n, 1<<62)
	if err != nil {
		return nil, 0, err
	}
	return r, r.delay, nil
}

func (r *Reservation) CancelAt(now time.Duration) bool { return r.bucket.cancel(At0+int64(now), r) }

func (b *TokenBucket) SetAt(now time.Duration, rate Rate, burst int) error {
	_, err := b.retune(At0+int64(now), b.inst.name, func(*quota) (Rate, int) { return rate, burst })
	return err
}

// RebaseAt rebases as after the horizon.
func (b *TokenBucket) RebaseAt(now time.Duration) {
	b.change(At0+int64(now), func(q *quota, now int64) *quota { return q.at(now) })
}

// InLine is how many reservations are remembered.
func (b *TokenBucket) InLine() int {
	b.line.mu.Lock()
	defer b.line.mu.Unlock()
	return len(b.line.list)
}

func (k *Keyed) TakeAt(now time.Duration, key string, n int) (Decision, error) {
	return k.decide(At0+int64(now), key, n)
}

// PurgeAt replaces every table.
func (k *Keyed) PurgeAt(now time.Duration) {
	for i := range k.shards {
		s := &k.shards[i]
		s.replace(s.table.Load(), k, At0+int64(now))
	}
}

// Claimed counts the slots that belong to keys; no one may use k meanwhile.
func (k *Keyed) Claimed() (n int) {
	for i := range k.shards {
		t := k.shards[i].table.Load()
		for j := range t.slots {
			if t.slots[j].hash.Load() != 0 {
				n++
			}
		}
	}
	return n
}

// RebaseAll rebases b at the time of the clock.
func (b *TokenBucket) Rebase() {
	b.change(b.quota.Load().base+1, func(q *quota, now int64) *quota { return q.at(now) })
}
