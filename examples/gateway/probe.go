package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/sched"
)

// probe asks the upstream whether it is there. It goes through the upstream's breaker, which so learns
// that the upstream is back although no one else asks.
type probe struct {
	target    target
	transport http.RoundTripper
}

type probeParams struct {
	fx.In

	Target    target
	Transport http.RoundTripper `name:"upstream"`
}

func newProbe(p probeParams) *probe { return &probe{p.Target, p.Transport} }

// probeTime is how long the upstream may take.
const probeTime = 2 * time.Second

func (p *probe) ask(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, p.target.url().String(), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := p.transport.RoundTrip(r)
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
}

// newRegularProbe probes now and then.
func newRegularProbe(p *probe) sched.Spec {
	return sched.Spec{
		Name:    "probe-upstream",
		Trigger: sched.Jitter(sched.Every(2*time.Second), sched.Uniform(200*time.Millisecond)), // not all gateways at once
		Task:    p.ask,
		Options: []sched.JobOption{sched.WithTimeout(probeTime), sched.WithMisfire(sched.SkipMissed)},
	}
}

// recheck probes soon after the upstream has failed, to tell what was one bad answer from what is more.
type recheck struct {
	probe     *probe
	scheduler *sched.Scheduler
	logger    *slog.Logger
	due       atomic.Bool // one is on its way, which is enough
}

func newRecheck(p *probe, s *sched.Scheduler, l *slog.Logger) *recheck {
	return &recheck{probe: p, scheduler: s, logger: l}
}

// recheckAfter is how long after a failure.
const recheckAfter = time.Second

// later schedules a probe. Its trace is linked to the one of ctx, whose request failed.
func (r *recheck) later(ctx context.Context) {
	if r.due.Swap(true) {
		return
	}
	if _, err := r.scheduler.After(ctx, recheckAfter, r.run); err != nil {
		r.due.Store(false)
	}
}

func (r *recheck) run(ctx context.Context) error {
	defer r.due.Store(false)
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	err := r.probe.ask(ctx)
	if err != nil {
		r.logger.WarnContext(ctx, "the upstream is still failing", "error", err)
	} else {
		r.logger.DebugContext(ctx, "the upstream is fine again")
	}
	return err
}
