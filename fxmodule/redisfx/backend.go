package redisfx

import (
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
)

// backend makes the limiters of limitfx on a coordinator.
type backend struct {
	coordinator *flowredis.Coordinator
	fallback    flowredis.Fallback
	telemetry   flowredis.Option
}

// limiters are those that Redis has.
func (b backend) limiters() *limitfx.Backend {
	return &limitfx.Backend{
		TokenBucket:   b.tokenBucket,
		LeakyBucket:   b.leakyBucket,
		FixedWindow:   b.window(flowredis.NewFixedWindow),
		SlidingWindow: b.window(flowredis.NewSlidingWindow),
		Keyed:         b.keyed,
	}
}

func (b backend) tokenBucket(name string, cfg limit.TokenBucketConfig) (limitfx.Limiter, error) {
	if err := ownOnly(name, "WarmUp", cfg.WarmUp); err != nil {
		return nil, err
	}
	return flowredis.NewTokenBucket(name, b.coordinator, flowredis.TokenBucketConfig{
		Rate: cfg.Rate, Burst: cfg.Burst, MaxWaiters: cfg.MaxWaiters, Fallback: b.fallback,
	}, b.telemetry)
}

func (b backend) leakyBucket(name string, cfg limit.LeakyBucketConfig) (limitfx.Limiter, error) {
	if err := ownOnly(name, "CatchUp", cfg.CatchUp); err != nil {
		return nil, err
	}
	return flowredis.NewLeakyBucket(name, b.coordinator, flowredis.LeakyBucketConfig{
		Rate: cfg.Rate, MaxWaiters: cfg.MaxWaiters, Fallback: b.fallback,
	}, b.telemetry)
}

// newWindow makes a window of one sort.
type newWindow = func(string, *flowredis.Coordinator, flowredis.WindowConfig, ...flowredis.Option) (*flowredis.Limiter, error)

func (b backend) window(construct newWindow) func(name string, cfg limit.WindowConfig) (limitfx.Limiter, error) {
	return func(name string, cfg limit.WindowConfig) (limitfx.Limiter, error) {
		return construct(name, b.coordinator, flowredis.WindowConfig{
			Limit: cfg.Limit, Window: cfg.Window, Fallback: b.fallback,
		}, b.telemetry)
	}
}

// ownOnly refuses what only a process's own limiter has.
func ownOnly(name, field string, value time.Duration) error {
	var faults core.Faults
	faults.Require(value == 0, field, value, "must be 0s when processes share the limit")
	return core.Configure("redisfx", name, faults.Err())
}

func (b backend) keyed(name string, cfg limit.KeyedConfig) (limitfx.KeyedLimiter, error) {
	return flowredis.NewKeyedTokenBucket(name, b.coordinator, flowredis.TokenBucketConfig{
		Rate: cfg.Rate, Burst: cfg.Burst, MaxKeys: cfg.MaxKeys, Fallback: b.fallback,
	}, b.telemetry)
}
