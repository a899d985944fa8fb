package flowredis

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// RegionalMode says what a region has of the limit.
type RegionalMode uint8

const (
	// Balanced is when regions lend to each other: the region has what it is asked for, if there is so much.
	Balanced RegionalMode = iota
	// Static is when no other region answers, or the region's own Redis does not: it has its own share.
	Static
)

// String gives the mode as telemetry spells it.
func (m RegionalMode) String() string {
	switch m {
	case Balanced:
		return flowconv.RegionModeBalanced
	case Static:
		return flowconv.RegionModeStatic
	}
	return fmt.Sprintf("RegionalMode(%d)", uint8(m))
}

// RegionalStats is what a regional limiter has counted in this process since it was made, and how its region
// stands, as of the last look at its Redis.
type RegionalStats struct {
	Coordinated Decisions // made in the region's Redis
	Degraded    Decisions // made by the fallback
	Permits     int64     // given out
	Waiting     int       // callers waiting now

	Mode     RegionalMode // now
	Share    limit.Rate   // the region's own
	Lent     limit.Rate   // of it, to other regions
	Borrowed limit.Rate   // from other regions
	Demand   limit.Rate   // what the region is asked for, in all its processes
	Burst    int          // the region's own
	Cut      []string     // the regions that do not answer
}

// Mode is what the region has of the limit now. It is [Static] while the limiter is not started.
func (r *Regional) Mode() RegionalMode {
	v := r.balancer.view.Load()
	if v == nil || !r.balancer.runs.Load() || r.home.Mode() == Degraded || len(v.cut) == len(r.links) && len(r.links) > 0 {
		return Static
	}
	return Balanced
}

// Stats reads the counters and the state.
func (r *Regional) Stats() RegionalStats {
	st, at := r.limiter.Stats(), r.standing()
	return RegionalStats{
		Coordinated: st.Coordinated, Degraded: st.Degraded, Permits: st.Permits, Waiting: st.Waiting,
		Mode: at.mode, Share: perSecond(r.balancer.own.share), Lent: perSecond(at.lent), Borrowed: perSecond(at.borrowed),
		Demand: perSecond(at.demand), Burst: r.balancer.own.burst, Cut: at.cut,
	}
}

func perSecond(rate int64) limit.Rate { return limit.PerSecond(float64(rate) / micros) }

// standing is how a region stands, in micro-permits a second.
type standing struct {
	mode                   RegionalMode
	lent, borrowed, demand int64
	cut                    []string
}

func (r *Regional) standing() standing {
	s := standing{mode: r.Mode()}
	v := r.balancer.view.Load()
	if v == nil || r.home.Mode() == Degraded {
		return s
	}
	for _, l := range v.lent {
		s.lent += l.held
	}
	for _, b := range v.borrowed {
		s.borrowed += b.rate
	}
	s.demand, s.cut = v.demand, v.cut
	return s
}

var regions = telemetry.NewKind(scopeName,
	flowconv.RegionShare, flowconv.RegionLent, flowconv.RegionBorrowed, flowconv.RegionDemand, flowconv.RegionMode,
)

// regionPoints are the metrics of a region.
type regionPoints struct {
	share, lent, borrowed, demand telemetry.Point
	modes                         [Static + 1]telemetry.Point
}

func newRegionPoints(name, region string) (p regionPoints) {
	point := func(m flowconv.Metric, more ...attribute.KeyValue) telemetry.Point {
		return telemetry.NewPoint(m, append(more, flowconv.LimiterNameKey.String(name), flowconv.RegionNameKey.String(region))...)
	}
	p.share, p.lent = point(flowconv.RegionShare), point(flowconv.RegionLent)
	p.borrowed, p.demand = point(flowconv.RegionBorrowed), point(flowconv.RegionDemand)
	for m := range p.modes {
		p.modes[m] = point(flowconv.RegionMode, flowconv.RegionModeKey.String(RegionalMode(m).String()))
	}
	return p
}

// regionReading is how a Regional is read at collection, kept off its method set.
type regionReading Regional

func (r *regionReading) Observe(o *telemetry.Observer) {
	reg := (*Regional)(r)
	at, p := reg.standing(), &reg.metrics
	o.Observe(&p.share, reg.balancer.own.share/micros)
	o.Observe(&p.lent, at.lent/micros)
	o.Observe(&p.borrowed, at.borrowed/micros)
	o.Observe(&p.demand, at.demand/micros)
	for m := range p.modes {
		o.Observe(&p.modes[m], oneIf(RegionalMode(m) == at.mode))
	}
}

func (i *instrument) startRegion(in telemetry.Instance) { i.reader = regions.Register(i.scope, in) }

// linkChanged tells that another region no longer answers, or answers again.
func (i *instrument) linkChanged(name, region, peer string, to Mode, cause error) {
	severity, state := log.SeverityInfo, flowconv.RegionLinkConnected
	text := fmt.Sprintf("regional limiter %q in %q: region %q answers again", name, region, peer)
	attrs := []attribute.KeyValue{
		flowconv.LimiterNameKey.String(name), flowconv.RegionNameKey.String(region), flowconv.RegionPeerKey.String(peer),
	}
	if to == Degraded {
		severity, state = log.SeverityWarn, flowconv.RegionLinkCut
		text = fmt.Sprintf("regional limiter %q in %q: region %q does not answer, and lends nothing: %v", name, region, peer, cause)
		attrs = append(attrs, flowconv.ErrorTypeKey.String(failedTrip{cause}.ErrorType()))
	}
	i.scope.Event(context.Background(), severity, flowconv.EventRegionLinkChange, text,
		append(attrs, flowconv.RegionLinkKey.String(state))...)
}
