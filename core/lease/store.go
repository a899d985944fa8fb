package lease

import (
	"context"
	"fmt"
	"time"
)

// Store keeps leases: what a backend implements. [Memory] keeps them in this process. Package leasetest
// proves a Store. It is safe for concurrent use.
//
// Keys and owners are at most 256 bytes long, and not empty; durations are above zero unless said
// otherwise. Times are the store's own: no caller's clock is asked. Each method is one request, is never
// sent twice, and returns soon after ctx ends. With an error, whether it was carried out is unknown.
type Store interface {
	// Acquire gives key to owner for ttl if it is free, or owner's already, with a fencing token above all
	// earlier ones of key. That it gives again to the same owner is for answers that got lost.
	Acquire(ctx context.Context, key, owner string, ttl time.Duration) (Grant, error)
	// Extend lets owner hold key for ttl from now. It reports false, and does nothing, when owner does not
	// hold key any more.
	Extend(ctx context.Context, key, owner string, ttl time.Duration) (bool, error)
	// Release frees key. With keep above zero, key is marked as done for so long instead, and nobody gets
	// it. It reports false, and does nothing, when owner does not hold key any more.
	Release(ctx context.Context, key, owner string, keep time.Duration) (bool, error)
}

// Watcher is the optional second face of a [Store] that tells who waits when to ask again, so that a
// [Locker] need not ask from time to time.
type Watcher interface {
	// Watch returns a channel that is closed when key may have been released since, and is free or done. Of
	// many who watch a key that is free, at least one is told; of one that is done, all should be. Stop ends
	// the watch; it must be called. Who was told and does not take the key lets another be told by it.
	Watch(key string) (freed <-chan struct{}, stop func())
}

// Grant is the answer to [Store.Acquire]. The zero Grant gives nothing.
type Grant struct {
	State State
	// Token is the fencing token, when granted.
	Token uint64
	// Remaining is how long the key is still held, or done, unless it is extended or released; 0 when that
	// is not known, or when granted.
	Remaining time.Duration
}

// State says what a key was found to be.
type State uint8

const (
	// Held is a key that another owner holds.
	Held State = iota
	// Granted is a key that was given to who asked.
	Granted
	// Done is a key that nobody gets before its mark has expired.
	Done
)

// String names the state.
func (s State) String() string {
	switch s {
	case Held:
		return "held"
	case Granted:
		return "granted"
	case Done:
		return "done"
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}
