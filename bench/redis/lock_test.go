package redis_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bsm/redislock"
	"github.com/go-redsync/redsync/v4"
	pool "github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/rueidis/rueidislock"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/internal/redistest"
)

// life is how long a lock lasts when its holder is not heard of any more.
const life = 8 * time.Second

// locking takes a key's lock and frees it. The fencing token is 0 of libraries that have none.
type locking func(ctx context.Context, key string) (token uint64, err error)

var lockers = []struct {
	impl string
	make func(testing.TB) locking
}{
	{"goflow-metered", newLocker},
	{"redsync", newRedsync},
	{"bsm", newBSM},
	{"rueidislock", newRueidisLock},
}

var errToken = errors.New("the fencing token is not above the last one")

// BenchmarkLock takes locks that are free and frees them: each caller has a key of its own.
func BenchmarkLock(b *testing.B) {
	for _, callers := range crowds {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			for _, l := range lockers {
				b.Run("impl="+l.impl, func(b *testing.B) { lockAll(b, l.make(b), l.impl == "goflow-metered", callers) })
			}
		})
	}
}

// lockAll measures a locker, and fails when it promises tokens that rise and they do not.
func lockAll(b *testing.B, lock locking, fencing bool, callers int) {
	b.Helper()
	keys, last := keysOf(b, callers), make([]uint64, callers)
	do := func(ctx context.Context, caller, _ int) error {
		token, err := lock(ctx, keys[caller])
		if err != nil {
			return err
		}
		if fencing && token <= last[caller] {
			return errToken
		}
		last[caller] = token
		return nil
	}
	warm(b, callers, 8*callers, do)
	spread(b, callers, do)
}

func newLocker(tb testing.TB) locking {
	tb.Helper()
	store, err := flowredis.NewLeases(coordinate(tb, redistest.Prefix(tb)))
	must(tb, err)
	l, err := lease.NewLocker("bench", store, lease.Config{TTL: life}, leaseMetered())
	must(tb, err)
	tb.Cleanup(l.Close)
	return func(ctx context.Context, key string) (uint64, error) {
		held, err := l.TryAcquire(ctx, key)
		if err != nil {
			return 0, err
		}
		return held.Token(), held.Release(ctx)
	}
}

func newRedsync(tb testing.TB) locking {
	tb.Helper()
	locks := redsync.New(pool.NewPool(byDefault(tb)))
	return func(ctx context.Context, key string) (uint64, error) {
		m := locks.NewMutex(key, redsync.WithExpiry(life))
		if err := m.TryLockContext(ctx); err != nil {
			return 0, err
		}
		_, err := m.UnlockContext(ctx)
		return 0, err
	}
}

func newBSM(tb testing.TB) locking {
	tb.Helper()
	locks := redislock.New(byDefault(tb))
	return func(ctx context.Context, key string) (uint64, error) {
		held, err := locks.Obtain(ctx, key, life, nil)
		if err != nil {
			return 0, err
		}
		return 0, held.Release(ctx)
	}
}

// newRueidisLock makes locks of one key each, as there is one server.
func newRueidisLock(tb testing.TB) locking {
	tb.Helper()
	locks, err := rueidislock.NewLocker(rueidislock.LockerOption{
		ClientOption: rueidisOptions(tb), KeyValidity: life, KeyMajority: 1, NoLoopTracking: true,
		TryNextAfter: patient, // for the answer: 20 ms by default, too little for a busy machine
	})
	must(tb, err)
	tb.Cleanup(locks.Close)
	return func(ctx context.Context, key string) (uint64, error) {
		_, free, err := locks.TryWithContext(ctx, key)
		if err != nil {
			return 0, err
		}
		free()
		return 0, nil
	}
}
