package flowredis

import (
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// outcome is what became of a request for permits.
type outcome uint8

const (
	outcomeAllowed outcome = iota
	outcomeDenied
	outcomeDelayed   // permitted after a wait
	outcomeCancelled // the caller gave up waiting
	outcomes
)

func outcomeOf(d limit.Decision) outcome {
	if d.Allowed {
		return outcomeAllowed
	}
	return outcomeDenied
}

func (o outcome) String() string {
	switch o {
	case outcomeAllowed:
		return flowconv.LimiterOutcomeAllowed
	case outcomeDelayed:
		return flowconv.LimiterOutcomeDelayed
	case outcomeCancelled:
		return flowconv.LimiterOutcomeCancelled
	case outcomeDenied, outcomes:
	}
	return flowconv.LimiterOutcomeDenied
}

// tally is what a limiter counts in this process.
type tally struct {
	decisions [Degraded + 1][outcomes]atomic.Int64
	permits   atomic.Int64
	waiting   *atomic.Int64 // of a Limiter
}

// count counts a decision about n permits.
func (t *tally) count(o outcome, m Mode, n int) {
	t.decisions[m][o].Add(1)
	if o == outcomeAllowed || o == outcomeDelayed {
		t.permits.Add(int64(n))
	}
}

// Stats is what a limiter has counted in this process since it was made, and how it stands.
type Stats struct {
	Coordinated Decisions // made in Redis
	Degraded    Decisions // made by the fallback
	Permits     int64     // given out

	Rate    limit.Rate // in force, as far as this process knows
	Burst   int        // in force, as far as this process knows
	Waiting int        // callers waiting now; of a Limiter

	Leased Leased // of a limiter with leases
}

// Decisions are counts by outcome.
type Decisions struct {
	Allowed   int64 // permitted at once
	Denied    int64 // not permitted, or an error
	Delayed   int64 // permitted after a wait
	Cancelled int64 // waits the caller gave up
}

// Stats reads the counters and the state.
func (s *shared) Stats() Stats {
	q := s.quota.Load()
	st := Stats{
		Coordinated: s.tally.of(Coordinated), Degraded: s.tally.of(Degraded),
		Permits: s.tally.permits.Load(), Rate: q.rate, Burst: q.burst,
	}
	if s.tally.waiting != nil {
		st.Waiting = int(s.tally.waiting.Load())
	}
	if h := s.leases; h != nil {
		st.Leased = h.stats()
	}
	return st
}

func (t *tally) of(m Mode) Decisions {
	d := &t.decisions[m]
	return Decisions{
		Allowed: d[outcomeAllowed].Load(), Denied: d[outcomeDenied].Load(),
		Delayed: d[outcomeDelayed].Load(), Cancelled: d[outcomeCancelled].Load(),
	}
}

// limiterPoints are the metrics of a limiter.
type limiterPoints struct {
	outcomes                [outcomes]telemetry.Point
	modes                   [Degraded + 1]telemetry.Point
	permits, limit, waiting telemetry.Point
}

func limiterAttributes(name, algorithm string, more ...attribute.KeyValue) []attribute.KeyValue {
	return append([]attribute.KeyValue{
		flowconv.LimiterNameKey.String(name),
		flowconv.LimiterAlgorithmKey.String(algorithm),
	}, more...)
}

func newLimiterPoints(name, algorithm string) (p limiterPoints) {
	point := func(m flowconv.Metric, more ...attribute.KeyValue) telemetry.Point {
		return telemetry.NewPoint(m, limiterAttributes(name, algorithm, more...)...)
	}
	for o := range p.outcomes {
		p.outcomes[o] = point(flowconv.LimiterDecisions, flowconv.LimiterOutcomeKey.String(outcome(o).String()))
	}
	for m := range p.modes {
		p.modes[m] = point(flowconv.CoordinationDecisions, flowconv.CoordinationModeKey.String(Mode(m).String()))
	}
	p.permits = point(flowconv.LimiterPermits)
	p.limit = point(flowconv.LimiterPermitLimit)
	p.waiting = point(flowconv.LimiterQueueSize)
	return p
}

// limiterReading is how a limiter is read at collection, kept off its method set.
type limiterReading shared

func (r *limiterReading) Observe(o *telemetry.Observer) {
	s := (*shared)(r)
	s.metrics.observe(o, &s.tally, int64(s.quota.Load().burst))
	if s.leases != nil {
		s.leases.observe(o)
	}
}

func (p *limiterPoints) observe(o *telemetry.Observer, t *tally, limit int64) {
	of := [...]Decisions{t.of(Coordinated), t.of(Degraded)}
	for m, d := range of {
		o.Observe(&p.modes[m], d.Allowed+d.Denied+d.Delayed+d.Cancelled)
	}
	for out := range p.outcomes {
		if t.waiting != nil || outcome(out) <= outcomeDenied {
			o.Observe(&p.outcomes[out], t.decisions[Coordinated][out].Load()+t.decisions[Degraded][out].Load())
		}
	}
	o.Observe(&p.permits, t.permits.Load())
	o.Observe(&p.limit, limit)
	if t.waiting != nil {
		o.Observe(&p.waiting, t.waiting.Load())
	}
}
