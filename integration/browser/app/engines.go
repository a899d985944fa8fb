package main

import (
	"context"
	"errors"
	"io"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/fxmodule/resiliencefx"
	"github.com/goflow-go/goflow/fxmodule/schedfx"
	"github.com/goflow-go/goflow/fxmodule/streamsfx"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/streams/writer"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// hostile is the name of a limiter, and of its spans, that a page must not take for its own.
const hostile = "<script>document.title='owned'</script>"

// engines is one of most kinds.
func engines() fx.Option {
	return fx.Options(
		limitfx.TokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerSecond(30), Burst: 10}),
		limitfx.TokenBucket(hostile, limit.TokenBucketConfig{Rate: limit.PerSecond(5), Burst: 5}),
		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(10_000), Burst: 1000}),
		resiliencefx.Breaker("payments", resilience.BreakerConfig{}),
		schedfx.Pool("receipts", sched.PoolConfig{MaxWorkers: 4, Queue: 64}),
		schedfx.AsJob(newSweep),
		streamsfx.Writer("access-log", func() io.Writer { return io.Discard }, writer.Config{}),
		fx.Provide(newOrders),
		streamsfx.AsRun("orders", (*orders).run),
	)
}

// checks is one that is up, and one that never is.
func checks() fx.Option {
	up := func() health.Check {
		return health.Check{Name: "disk", Group: health.Readiness, Run: func(context.Context) error { return nil }}
	}
	down := func() health.Check {
		return health.Check{Name: "printer", Group: health.Startup, Run: func(context.Context) error { return errors.New("the printer is on fire") }}
	}
	return fx.Options(healthfx.AsCheck(up), healthfx.AsCheck(down))
}

// newSweep is a job that does little, often.
func newSweep() sched.Spec {
	return sched.Spec{Name: "sweep", Trigger: sched.Every(2 * time.Second), Task: func(context.Context) error { return nil }}
}

// orders flow from requests to a stream.
type orders struct {
	flow chan int
	sdk  *otelsdk.SDK
}

func newOrders(sdk *otelsdk.SDK) *orders { return &orders{make(chan int, 16), sdk} }

// add hands an order over, if there is room.
func (o *orders) add(n int) {
	select {
	case o.flow <- n:
	default:
	}
}

func (o *orders) run() streamsfx.Run {
	all := streams.FromChannel(o.flow).Named("orders", streams.WithTelemetry(o.sdk.Options()...)).Buffer(128, streams.DropOldest)
	even := all.Filter(func(n int) bool { return n%2 == 0 })
	return func(ctx context.Context) error {
		return even.ForEach(ctx, func(context.Context, int) error { return nil })
	}
}
