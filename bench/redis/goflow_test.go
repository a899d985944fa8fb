package redis_test

import (
	"context"
	"testing"
	"time"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

// metered is what an application has.
func metered() flowredis.Option { return flowredis.WithTelemetry(side.SDK()...) }

func leaseMetered() lease.Option { return lease.WithTelemetry(side.SDK()...) }

// coordinate makes a coordinator as an application has it, started.
func coordinate(tb testing.TB, prefix string) *flowredis.Coordinator {
	tb.Helper()
	c, err := flowredis.New("bench", asOurs(tb), flowredis.Config{Prefix: prefix, Budget: patient}, metered())
	must(tb, err)
	must(tb, c.Start(context.Background()))
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		must(tb, c.Stop(ctx))
		c.Close()
	})
	return c
}

// bucket is the config of a limiter that gives an error when Redis does not answer in time, or a benchmark
// would measure the local share.
func (q quota) bucket() flowredis.TokenBucketConfig {
	return flowredis.TokenBucketConfig{Rate: limit.PerSecond(float64(q)), Burst: int(q), Fallback: flowredis.FailClosed}
}

// batched lets callers share round trips.
func batched(cfg *flowredis.TokenBucketConfig) { cfg.Batch = true }

// leased takes what comes in a tenth of a second at a time, at most.
func leased(cfg *flowredis.TokenBucketConfig) { cfg.Lease = cfg.Burst / 10 }

func newKeyed(modes ...func(*flowredis.TokenBucketConfig)) func(testing.TB, quota) ask {
	return func(tb testing.TB, q quota) ask {
		tb.Helper()
		return newKeyedAs(tb, q, redistest.Prefix(tb), modes...)
	}
}

func newKeyedAs(tb testing.TB, q quota, prefix string, modes ...func(*flowredis.TokenBucketConfig)) ask {
	tb.Helper()
	cfg := q.bucket()
	for _, set := range modes {
		set(&cfg)
	}
	k, err := flowredis.NewKeyedTokenBucket("clients", coordinate(tb, prefix), cfg, metered())
	must(tb, err)
	tb.Cleanup(k.Close)
	return func(ctx context.Context, key string) (bool, error) {
		d, err := k.Take(ctx, key, 1)
		return d.Allowed, err
	}
}

// newLimiter makes a limiter that has no keys.
func newLimiter(tb testing.TB, q quota) ask {
	tb.Helper()
	l, err := flowredis.NewTokenBucket("api", coordinate(tb, redistest.Prefix(tb)), q.bucket(), metered())
	must(tb, err)
	tb.Cleanup(l.Close)
	return func(ctx context.Context, _ string) (bool, error) {
		d, err := l.Take(ctx, 1)
		return d.Allowed, err
	}
}
