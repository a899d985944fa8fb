package main

import (
	"context"
	"log/slog"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/fxmodule/schedfx"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/sched"
)

// jobs are what the gateway does beside serving.
func jobs(cfg config) fx.Option {
	all := []fx.Option{fx.Provide(newProbe, newRecheck), schedfx.AsJob(newStatistics), schedfx.AsJob(newRegularProbe)}
	if !cfg.Redis.Shared() { // Redis forgets by itself
		all = append(all, schedfx.AsJob(newSweep))
	}
	return fx.Options(all...)
}

type sweepParams struct {
	fx.In

	Clients *limit.Keyed `name:"clients"`
	Logger  *slog.Logger
}

// newSweep forgets clients that have not been seen for a while.
func newSweep(p sweepParams) sched.Spec {
	return sched.Spec{
		Name:    "sweep-clients",
		Trigger: sched.Every(time.Minute),
		Task: func(ctx context.Context) error {
			if n := p.Clients.Sweep(); n > 0 {
				p.Logger.DebugContext(ctx, "forgot clients", "number", n)
			}
			return nil
		},
	}
}

type statisticsParams struct {
	fx.In

	Clients limit.KeyedLimiter   `name:"clients"`
	Stack   *resilience.Standard `name:"upstream"`
	Logger  *slog.Logger
}

// newStatistics says what happened here since it last did.
func newStatistics(p statisticsParams) sched.Spec {
	var last decisions
	return sched.Spec{
		Name:    "statistics",
		Trigger: sched.Every(time.Minute),
		Task: func(ctx context.Context) error {
			now := decisionsOf(p.Clients)
			attrs := []any{
				"allowed", now.allowed - last.allowed, "denied", now.denied - last.denied,
				"breaker", p.Stack.Breaker().State().String(),
			}
			if own, ok := p.Clients.(*limit.Keyed); ok {
				attrs = append(attrs, "clients", own.Len())
			}
			p.Logger.InfoContext(ctx, "the last minute", attrs...)
			last = now
			return nil
		},
	}
}

// decisions are counts.
type decisions struct{ allowed, denied int64 }

// decisionsOf counts what a limiter has decided in this process, whoever shares it.
func decisionsOf(l limit.KeyedLimiter) decisions {
	switch l := l.(type) {
	case *limit.Keyed:
		s := l.Stats()
		return decisions{s.Allowed, s.Denied}
	case *flowredis.Keyed:
		s := l.Stats()
		return decisions{s.Coordinated.Allowed + s.Degraded.Allowed, s.Coordinated.Denied + s.Degraded.Denied}
	}
	return decisions{}
}
