package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/fxmodule/schedfx"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/sched"
)

// jobs are what the gateway does beside serving.
func jobs() fx.Option {
	return fx.Options(
		schedfx.AsJob(newSweep),
		schedfx.AsJob(newStatistics),
		schedfx.AsJob(newProbe),
	)
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

	Clients *limit.Keyed         `name:"clients"`
	Stack   *resilience.Standard `name:"upstream"`
	Logger  *slog.Logger
}

// newStatistics says what happened since it last did.
func newStatistics(p statisticsParams) sched.Spec {
	var last limit.Stats
	return sched.Spec{
		Name:    "statistics",
		Trigger: sched.Every(time.Minute),
		Task: func(ctx context.Context) error {
			now := p.Clients.Stats()
			p.Logger.InfoContext(ctx, "the last minute",
				"allowed", now.Allowed-last.Allowed, "denied", now.Denied-last.Denied,
				"clients", p.Clients.Len(), "breaker", p.Stack.Breaker().State().String())
			last = now
			return nil
		},
	}
}

type probeParams struct {
	fx.In

	Target    target
	Transport http.RoundTripper `name:"upstream"`
}

// newProbe asks the upstream whether it is there. It goes through the upstream's breaker, which so
// learns that the upstream is back although no one else asks.
func newProbe(p probeParams) sched.Spec {
	return sched.Spec{
		Name:    "probe-upstream",
		Trigger: sched.Jitter(sched.Every(10*time.Second), sched.Uniform(time.Second)), // not all gateways at once
		Task: func(ctx context.Context) error {
			r, err := http.NewRequestWithContext(ctx, http.MethodHead, p.Target.url().String(), http.NoBody)
			if err != nil {
				return err
			}
			resp, err := p.Transport.RoundTrip(r)
			if err != nil {
				return err
			}
			defer func() { _ = resp.Body.Close() }()
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				return err
			}
			if resp.StatusCode >= http.StatusInternalServerError {
				return fmt.Errorf("the upstream answered %s", resp.Status)
			}
			return nil
		},
		Options: []sched.JobOption{sched.WithTimeout(2 * time.Second), sched.WithMisfire(sched.SkipMissed)},
	}
}
