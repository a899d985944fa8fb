package lease

import (
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Stats is what a [Locker] has counted since it was made, and how it stands. Counters are read one after the
// other while others go on counting.
type Stats struct {
	Granted   int64 // requests: a lease was given
	Held      int64 // requests: another held the key, or too many waited
	Done      int64 // requests: the key was done
	Failed    int64 // requests: the store failed
	Cancelled int64 // requests: the caller gave up

	Released  int64 // leases given back
	Lost      int64 // leases that the store gave up before their time was over
	Expired   int64 // leases that were not renewed in time
	Abandoned int64 // leases given back of which the store could not be told

	Renewed    int64 // renewals
	Refused    int64 // renewals: the lease was lost
	Unanswered int64 // renewals: the store failed

	Active  int // leases held now
	Waiting int // callers waiting now
}

// Stats reads the counters and the state.
func (l *Locker) Stats() Stats {
	c := &l.counts
	return Stats{
		Granted: c.granted.Load(), Held: c.held.Load(), Done: c.done.Load(),
		Failed: c.failed.Load(), Cancelled: c.cancelled.Load(),
		Released: c.released.Load(), Lost: c.lost.Load(), Expired: c.expired.Load(), Abandoned: c.abandoned.Load(),
		Renewed: c.renewed.Load(), Refused: c.refused.Load(), Unanswered: c.unanswered.Load(),
		Active: int(c.active.Load()), Waiting: int(c.waiting.Load()),
	}
}

// counted counts a request by its outcome.
func (l *Locker) counted(err error) {
	c := &l.counts
	switch outcomeOf(err) {
	case flowconv.LeaseOutcomeGranted:
		c.granted.Add(1)
	case flowconv.LeaseOutcomeHeld:
		c.held.Add(1)
	case flowconv.LeaseOutcomeDone:
		c.done.Add(1)
	case flowconv.LeaseOutcomeFailed:
		c.failed.Add(1)
	default:
		c.cancelled.Add(1)
	}
}

// ended counts and tells of the end of a lease. Those that are released are counted once the store was told.
func (l *Locker) ended(le *Lease, e *EndedError) {
	l.counts.active.Add(-1)
	var failure error
	switch e.why {
	case lost:
		l.counts.lost.Add(1)
		failure = e
	case expired:
		l.counts.expired.Add(1)
		failure = e
	case released:
	}
	if failure != nil {
		l.inst.lost(le.ctx, e)
	}
	l.inst.held(le.ctx, clock.Now()-le.acquired, failure)
}

// points are the metrics of a locker.
type points struct {
	granted, held, done, failed, cancelled telemetry.Point
	released, lost, expired, abandoned     telemetry.Point
	renewed, refused, unanswered           telemetry.Point
	active, waiting                        telemetry.Point
}

func (i *instrument) points() (p points) {
	for outcome, at := range map[string]*telemetry.Point{
		flowconv.LeaseOutcomeGranted: &p.granted, flowconv.LeaseOutcomeHeld: &p.held, flowconv.LeaseOutcomeDone: &p.done,
		flowconv.LeaseOutcomeFailed: &p.failed, flowconv.LeaseOutcomeCancelled: &p.cancelled,
	} {
		*at = i.point(flowconv.LeaseAcquisitions, flowconv.LeaseOutcomeKey.String(outcome))
	}
	for end, at := range map[string]*telemetry.Point{
		flowconv.LeaseEndReleased: &p.released, flowconv.LeaseEndLost: &p.lost,
		flowconv.LeaseEndExpired: &p.expired, flowconv.LeaseEndAbandoned: &p.abandoned,
	} {
		*at = i.point(flowconv.LeaseEnds, flowconv.LeaseEndKey.String(end))
	}
	for renewal, at := range map[string]*telemetry.Point{
		flowconv.LeaseRenewalRenewed: &p.renewed, flowconv.LeaseRenewalRefused: &p.refused, flowconv.LeaseRenewalFailed: &p.unanswered,
	} {
		*at = i.point(flowconv.LeaseRenewals, flowconv.LeaseRenewalKey.String(renewal))
	}
	p.active, p.waiting = i.point(flowconv.LeaseActive), i.point(flowconv.LeaseQueueSize)
	return p
}

// reading is how a locker is read at collection, kept off its method set.
type reading Locker

func (r *reading) Observe(o *telemetry.Observer) {
	s, m := (*Locker)(r).Stats(), &r.metrics
	for _, v := range []struct {
		point *telemetry.Point
		value int64
	}{
		{&m.granted, s.Granted}, {&m.held, s.Held}, {&m.done, s.Done}, {&m.failed, s.Failed}, {&m.cancelled, s.Cancelled},
		{&m.released, s.Released}, {&m.lost, s.Lost}, {&m.expired, s.Expired}, {&m.abandoned, s.Abandoned},
		{&m.renewed, s.Renewed}, {&m.refused, s.Refused}, {&m.unanswered, s.Unanswered},
		{&m.active, int64(s.Active)}, {&m.waiting, int64(s.Waiting)},
	} {
		o.Observe(v.point, v.value)
	}
}

// ElectorStats is how an [Elector] stands.
type ElectorStats struct {
	Leads bool   // now
	Token uint64 // of the term, while it leads
	Terms int64  // begun since it was made
}

// Stats reads the counters and the state.
func (e *Elector) Stats() ElectorStats {
	s := ElectorStats{Terms: e.terms.Load()}
	if term, ok := e.Leader(); ok {
		s.Leads, s.Token = true, term.Token()
	}
	return s
}

// electorPoints are the metrics of an elector.
type electorPoints struct{ terms, active telemetry.Point }

func (i *instrument) electorPoints() electorPoints {
	return electorPoints{i.point(flowconv.LeaseTerms), i.point(flowconv.LeaseTermActive)}
}

// electorReading is how an elector is read at collection, kept off its method set.
type electorReading Elector

func (r *electorReading) Observe(o *telemetry.Observer) {
	s := (*Elector)(r).Stats()
	o.Observe(&r.metrics.terms, s.Terms)
	o.Observe(&r.metrics.active, oneIf(s.Leads))
}

func oneIf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
