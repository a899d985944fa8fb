package limit

import (
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Stats is what a limiter has counted since it was made, and how it stands. Counters are read one
// after the other while others go on counting, so they may be a few decisions apart.
type Stats struct {
	Allowed   int64 // decisions: permitted at once
	Denied    int64 // decisions: not permitted
	Delayed   int64 // decisions: permitted for later
	Cancelled int64 // decisions: reservations and waits given back
	Permits   int64 // permits given out, those given back left in

	Rate    Rate // in force now
	Burst   int  // in force now
	InUse   int  // permits in use now; above Burst while callers wait for later ones
	Waiting int  // callers waiting now

	Keys       int   // of a Keyed limiter: keys held now
	Overflowed int64 // of a Keyed limiter: decisions made on the shared bucket
}

// Stats reads the counters and the state.
func (b *TokenBucket) Stats() Stats {
	c := b.look(clock.Now())
	s := Stats{
		Allowed:   b.allowed.Load(),
		Denied:    b.denied.Load(),
		Delayed:   b.delayed.Load(),
		Cancelled: b.cancelled.Load(),
		Rate:      c.quota.rate,
		Burst:     c.quota.burst,
		InUse:     int(c.quota.permits(max(c.tat-c.t, 0))),
		Waiting:   int(b.waiting.Load()),
	}
	s.Permits = s.Allowed + s.Delayed + b.more.Load()
	return s
}

// permits gives ticks in permits, rounded up.
func (q *quota) permits(ticks int64) int64 { return (ticks + q.interval - 1) / q.interval }

// reading is how a TokenBucket is read at collection, kept off its method set.
type reading TokenBucket

// points are the metrics of a TokenBucket.
type points struct {
	decisions                   [outcomeCancelled + 1]telemetry.Point
	permits, usage, limit, wait telemetry.Point
}

func (i *instrument) points() (p points) {
	for o := range p.decisions {
		p.decisions[o] = i.decisions(outcome(o))
	}
	p.permits = i.point(flowconv.LimiterPermits)
	p.usage = i.point(flowconv.LimiterPermitUsage)
	p.limit = i.point(flowconv.LimiterPermitLimit)
	p.wait = i.point(flowconv.LimiterQueueSize)
	return p
}

// Observe implements telemetry.Instance.
func (b *reading) Observe(o *telemetry.Observer) {
	s := (*TokenBucket)(b).Stats()
	for i, v := range [...]int64{s.Allowed, s.Denied, s.Delayed, s.Cancelled} {
		o.Observe(&b.metrics.decisions[i], v)
	}
	o.Observe(&b.metrics.permits, s.Permits)
	o.Observe(&b.metrics.usage, int64(s.InUse))
	o.Observe(&b.metrics.limit, int64(s.Burst))
	o.Observe(&b.metrics.wait, int64(s.Waiting))
}
