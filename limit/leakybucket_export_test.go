package limit

import "time"

// NewLeakyBucketAt makes a leaky bucket whose clock readings are given.
func NewLeakyBucketAt(name string, cfg LeakyBucketConfig) (*LeakyBucket, error) {
	l, err := NewLeakyBucket(name, cfg)
	if err == nil {
		l.bucket.quota.Store(l.bucket.quota.Load().at(At0))
	}
	return l, err
}

func (l *LeakyBucket) TakeAt(now time.Duration, n int) (Decision, error) {
	return l.decide(At0+int64(now), n)
}

func (l *LeakyBucket) ReserveAt(now time.Duration, n int) (*Reservation, time.Duration, error) {
	return l.bucket.ReserveAt(now, n)
}

// WokeAt tells that someone who was to wake at due did at now.
func (l *LeakyBucket) WokeAt(due, now time.Duration) {
	l.bucket.late.note(At0+int64(due), At0+int64(now))
}

func (l *LeakyBucket) RebaseAt(now time.Duration) { l.bucket.RebaseAt(now) }
