package limit

import (
	"context"
	"fmt"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/stripe"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Shadow tries a limit out: it asks a limiter, counts what it said, and allows everything. Decisions the
// limiter denied, or failed to make, are counted as shadowed; those allowed with less than a fifth of
// the permits left as near the limit. All methods are safe for concurrent use.
type Shadow struct {
	inst     instrument
	metrics  points
	shadowed telemetry.Point
	limiter  Limiter

	allowed, denied, permits, nearLimits stripe.Counter
}

// NewShadow makes a shadow of a limiter. The name is its telemetry's; the limiter's own tells what it
// decided. Close it when it is no longer needed; the limiter remains yours to close.
func NewShadow(name string, l Limiter, opts ...Option) (*Shadow, error) {
	var faults core.Faults
	faults.Require(l != nil, "limiter", "nil", "must be set")
	if err := core.Configure("limit", name, faults.Err()); err != nil {
		return nil, err
	}
	s := &Shadow{inst: newInstrument(name, opts), limiter: l}
	s.inst.algorithm = flowconv.LimiterAlgorithmShadow
	s.metrics = s.inst.points()
	s.shadowed = s.inst.decisions(outcomeShadowed)
	s.inst.start((*shadowReading)(s))
	return s, nil
}

// Name is the name it was made with.
func (s *Shadow) Name() string { return s.inst.name }

// Allow asks for a permit, and is true.
func (s *Shadow) Allow(ctx context.Context) bool {
	s.ask(ctx, spanAllow, 1)
	return true
}

// Take asks for n permits, and gives the limiter's decision, but allowed: RetryAfter is zero. The error
// is nil; of a limiter that fails, the decision says nothing more.
func (s *Shadow) Take(ctx context.Context, n int) (Decision, error) {
	d := s.ask(ctx, spanTake, n)
	d.Allowed, d.RetryAfter = true, 0
	return d, nil
}

// ask asks, counts and traces.
func (s *Shadow) ask(ctx context.Context, verb string, n int) Decision {
	start := clock.Now()
	d, err := s.limiter.Take(ctx, n)
	o := outcomeAllowed
	if err != nil || !d.Allowed {
		o = outcomeShadowed
		s.denied.Add(1)
	} else {
		s.allowed.Add(1)
		if d.Remaining*nearShare < d.Limit {
			s.nearLimits.Add(1)
		}
	}
	s.permits.Add(int64(max(n, 0)))
	if s.inst.scope.Traced(ctx) {
		s.inst.trace(ctx, verb, start, observation{n: n, outcome: o, retryAfter: d.RetryAfter}, err)
	}
	return d
}

// Stats reads the counters. Denied are those the limiter denied.
func (s *Shadow) Stats() Stats {
	return Stats{
		Allowed: s.allowed.Load(), Denied: s.denied.Load(), Permits: s.permits.Load(), NearLimit: s.nearLimits.Load(),
	}
}

// Close takes it out of telemetry; its counts stay in its kind's totals. It is idempotent, and does not
// close the limiter.
func (s *Shadow) Close() { s.inst.stop() }

// String gives the name.
func (s *Shadow) String() string { return fmt.Sprintf("shadow %q", s.inst.name) }

// shadowReading is how a Shadow is read at collection.
type shadowReading Shadow

func (s *shadowReading) Observe(o *telemetry.Observer) {
	stats := (*Shadow)(s).Stats()
	o.Observe(&s.metrics.decisions[outcomeAllowed], stats.Allowed)
	o.Observe(&s.shadowed, stats.Denied)
	o.Observe(&s.metrics.permits, stats.Permits)
	o.Observe(&s.metrics.near, stats.NearLimit)
}
