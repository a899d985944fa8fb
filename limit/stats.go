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
	Burst   int  // in force now; of a Concurrency or Adaptive limit: the limit
	InUse   int  // permits in use now; above Burst while callers wait for later ones
	Waiting int  // callers waiting now

	NearLimit int64 // decisions allowed at once with less than a fifth of the permits left

	Charged  int64 // permits taken by Charge; not in Permits
	Refunded int64 // permits given back by Refund

	OverReleased int64 // of a Concurrency limit: times more was released than was held

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
		Charged:   b.charged.Load(),
		Refunded:  b.refunded.Load(),
		NearLimit: b.nearLimits.Load(),
	}
	s.Permits = s.Allowed + s.Delayed + b.more.Load()
	return s
}

// permits gives ticks in permits, rounded up.
func (q *quota) permits(ticks int64) int64 { return (ticks + q.interval - 1) / q.interval }

// Stats reads the counters and the state. InUse and Waiting are zero: they are each key's own.
func (k *Keyed) Stats() Stats {
	q := k.overflow.quota.Load()
	s := Stats{Rate: q.rate, Burst: q.burst, Keys: k.Len(), Charged: k.charged.Load(), Refunded: k.refunded.Load()}
	for i := range k.shards {
		sh := &k.shards[i]
		s.Allowed += sh.allowed.Load()
		s.Denied += sh.denied.Load()
		s.Permits += sh.more.Load()
		s.Overflowed += sh.overflowed.Load()
		s.NearLimit += sh.nearLimits.Load()
	}
	s.Permits += s.Allowed
	return s
}

// points are the metrics of a limiter.
type points struct {
	decisions                 [outcomeCancelled + 1]telemetry.Point
	permits, limit            telemetry.Point
	usage, waiting            telemetry.Point // of a TokenBucket
	charged, refunded, near   telemetry.Point // of a TokenBucket or a Keyed
	keys, maxKeys, overflowed telemetry.Point // of a Keyed
}

func (i *instrument) points() (p points) {
	for o := range p.decisions {
		p.decisions[o] = i.decisions(outcome(o))
	}
	p.permits = i.point(flowconv.LimiterPermits)
	p.limit = i.point(flowconv.LimiterPermitLimit)
	p.usage = i.point(flowconv.LimiterPermitUsage)
	p.waiting = i.point(flowconv.LimiterQueueSize)
	p.charged = i.point(flowconv.LimiterCharges)
	p.refunded = i.point(flowconv.LimiterRefunds)
	p.near = i.point(flowconv.LimiterNearLimits)
	p.keys = i.point(flowconv.LimiterKeyUsage)
	p.maxKeys = i.point(flowconv.LimiterKeyLimit)
	p.overflowed = i.point(flowconv.LimiterOverflows)
	return p
}

// observe reports what all limiters have.
func (p *points) observe(o *telemetry.Observer, s Stats) {
	o.Observe(&p.decisions[outcomeAllowed], s.Allowed)
	o.Observe(&p.decisions[outcomeDenied], s.Denied)
	o.Observe(&p.permits, s.Permits)
	o.Observe(&p.limit, int64(s.Burst))
}

// reading is how a TokenBucket is read at collection, kept off its method set.
type reading TokenBucket

func (b *reading) Observe(o *telemetry.Observer) {
	s := (*TokenBucket)(b).Stats()
	b.metrics.observe(o, s)
	o.Observe(&b.metrics.decisions[outcomeDelayed], s.Delayed)
	o.Observe(&b.metrics.decisions[outcomeCancelled], s.Cancelled)
	o.Observe(&b.metrics.usage, int64(s.InUse))
	o.Observe(&b.metrics.waiting, int64(s.Waiting))
	o.Observe(&b.metrics.charged, s.Charged)
	o.Observe(&b.metrics.refunded, s.Refunded)
	o.Observe(&b.metrics.near, s.NearLimit)
}

// keyedReading is how a Keyed limiter is read at collection.
type keyedReading Keyed

func (k *keyedReading) Observe(o *telemetry.Observer) {
	s := (*Keyed)(k).Stats()
	k.metrics.observe(o, s)
	o.Observe(&k.metrics.keys, int64(s.Keys))
	o.Observe(&k.metrics.maxKeys, k.maxKeys)
	o.Observe(&k.metrics.overflowed, s.Overflowed)
	o.Observe(&k.metrics.charged, s.Charged)
	o.Observe(&k.metrics.refunded, s.Refunded)
	o.Observe(&k.metrics.near, s.NearLimit)
}
