package lease_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/core/lease"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// short is a config with round numbers: renewals after 2.5 to 3.2 s, and trust for 9 s.
var short = lease.Config{TTL: 9500 * time.Millisecond, Margin: 500 * time.Millisecond, Timeout: time.Second}

func newLocker(t testing.TB, store lease.Store, cfg lease.Config, opts ...lease.Option) *lease.Locker {
	t.Helper()
	l, err := lease.NewLocker("jobs", store, cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func acquire(ctx context.Context, t testing.TB, l *lease.Locker, key string) *lease.Lease {
	t.Helper()
	le, err := l.Acquire(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	return le
}

func release(t testing.TB, le *lease.Lease) {
	t.Helper()
	if err := le.Release(context.Background()); err != nil {
		t.Error(err)
	}
}

// pass lets time pass, in a bubble.
func pass(d time.Duration) { <-time.After(d) }

// faulty is a store between a Locker and another store, which a test makes fail.
type faulty struct {
	lease.Store
	acquire func(ctx context.Context, next func(context.Context) (lease.Grant, error)) (lease.Grant, error)
	extend  func(ctx context.Context, next func(context.Context) (bool, error)) (bool, error)
	release func(ctx context.Context, next func(context.Context) (bool, error)) (bool, error)
}

func (f *faulty) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (lease.Grant, error) {
	next := func(ctx context.Context) (lease.Grant, error) { return f.Store.Acquire(ctx, key, owner, ttl) }
	if f.acquire == nil {
		return next(ctx)
	}
	return f.acquire(ctx, next)
}

func (f *faulty) Extend(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	next := func(ctx context.Context) (bool, error) { return f.Store.Extend(ctx, key, owner, ttl) }
	if f.extend == nil {
		return next(ctx)
	}
	return f.extend(ctx, next)
}

func (f *faulty) Release(ctx context.Context, key, owner string, keep time.Duration) (bool, error) {
	next := func(ctx context.Context) (bool, error) { return f.Store.Release(ctx, key, owner, keep) }
	if f.release == nil {
		return next(ctx)
	}
	return f.release(ctx, next)
}

// hang is a store that does not answer.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}
