package resilience

import (
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// BreakerStats is what a [Breaker] has counted since it was made, and how it stands. Counters are
// read one after the other while others go on counting, so they may be a few calls apart.
type BreakerStats struct {
	Successes int64 // calls that succeeded, probes included
	Failures  int64 // calls that failed, probes included
	Slow      int64 // of these two, calls that were slow
	Ignored   int64 // calls that ended in a way that says nothing
	Rejected  int64 // calls not let through
	Stale     int64 // calls that ended after a change of state

	State  State
	Forced bool // by an operator

	WindowCalls    int64 // in the window now
	WindowFailures int64
	WindowSlow     int64
}

// Stats reads the counters and the state.
func (b *Breaker) Stats() BreakerStats {
	b.window.turn(clock.Now())
	p, total, held := b.phase.Load(), b.window.totals(), b.window.held()
	return BreakerStats{
		Successes: total.good, Failures: total.bad, Slow: total.extra,
		Ignored: b.ignored.Load(), Rejected: b.rejected.Load(), Stale: b.stale.Load(),
		State: p.state, Forced: p.forced,
		WindowCalls: held.calls(), WindowFailures: held.bad, WindowSlow: held.extra,
	}
}

// breakerPoints are the metrics of a breaker.
type breakerPoints struct {
	success, failure, ignored, rejected, stale telemetry.Point
	state, transitions                         [HalfOpen + 1]telemetry.Point
}

func (i *instrument) breakerPoints() (p breakerPoints) {
	calls := func(outcome string) telemetry.Point {
		return i.point(flowconv.BreakerCalls, flowconv.BreakerOutcomeKey.String(outcome))
	}
	p.success = calls(flowconv.BreakerOutcomeSuccess)
	p.failure = calls(flowconv.BreakerOutcomeFailure)
	p.ignored = calls(flowconv.BreakerOutcomeIgnored)
	p.rejected = calls(flowconv.BreakerOutcomeRejected)
	p.stale = calls(flowconv.BreakerOutcomeStale)
	for s := range p.state {
		attr := flowconv.BreakerStateKey.String(State(s).String())
		p.state[s] = i.point(flowconv.BreakerState, attr)
		p.transitions[s] = i.point(flowconv.BreakerTransitions, attr)
	}
	return p
}

// breakerReading is how a breaker is read at collection, kept off its method set.
type breakerReading Breaker

func (b *breakerReading) Observe(o *telemetry.Observer) {
	total, state := b.window.totals(), b.phase.Load().state
	o.Observe(&b.metrics.success, total.good)
	o.Observe(&b.metrics.failure, total.bad)
	o.Observe(&b.metrics.ignored, b.ignored.Load())
	o.Observe(&b.metrics.rejected, b.rejected.Load())
	o.Observe(&b.metrics.stale, b.stale.Load())
	for s := range b.metrics.state {
		o.Observe(&b.metrics.state[s], oneIf(State(s) == state))
		o.Observe(&b.metrics.transitions[s], b.entered[s].Load())
	}
}

func oneIf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
