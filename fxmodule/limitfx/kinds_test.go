package limitfx_test

import (
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
)

type everything struct {
	fx.In

	Sharded       *limit.ShardedBucket `name:"sharded"`
	Leaky         *limit.LeakyBucket   `name:"leaky"`
	Fixed         *limit.FixedWindow   `name:"fixed"`
	Sliding       *limit.SlidingWindow `name:"sliding"`
	Log           *limit.SlidingLog    `name:"log"`
	Concurrency   *limit.Concurrency   `name:"calls"`
	Adaptive      *limit.Adaptive      `name:"calls"`
	Throttle      *limit.Throttle      `name:"calls"`
	Overload      *limit.Overload      `name:"calls"`
	ShardedAsSuch limit.Limiter        `name:"sharded"`
	LeakyAsSuch   limit.Limiter        `name:"leaky"`
	FixedAsSuch   limit.Limiter        `name:"fixed"`
	SlidingAsSuch limit.Limiter        `name:"sliding"`
	LogAsSuch     limit.Limiter        `name:"log"`
}

func TestEveryLimiterIsProvidedByNameAndAsALimiter(t *testing.T) {
	t.Parallel()
	window := limit.WindowConfig{Limit: 10, Window: time.Minute}
	app := fx.New(fx.NopLogger,
		limitfx.Sharded("sharded", limit.ShardedConfig{Rate: limit.PerSecond(1e6), Burst: 100_000}),
		limitfx.LeakyBucket("leaky", limit.LeakyBucketConfig{Rate: limit.PerSecond(100)}),
		limitfx.FixedWindow("fixed", window),
		limitfx.SlidingWindow("sliding", window),
		limitfx.SlidingLog("log", window),
		limitfx.Concurrency("calls", limit.ConcurrencyConfig{Limit: 8}),
		limitfx.Adaptive("calls", limit.AdaptiveConfig{}),
		limitfx.Throttle("calls", limit.ThrottleConfig{}),
		limitfx.Overload("calls", limit.OverloadConfig{}),
		fx.Invoke(func(in everything) {
			for _, l := range []limit.Limiter{in.ShardedAsSuch, in.LeakyAsSuch, in.FixedAsSuch, in.SlidingAsSuch, in.LogAsSuch} {
				if d, err := l.Take(t.Context(), 1); err != nil || !d.Allowed {
					t.Errorf("%T: %+v, %v", l, d, err)
				}
			}
		}),
	)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}
