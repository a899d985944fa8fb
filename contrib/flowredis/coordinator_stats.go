package flowredis

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// CoordinatorStats is what a coordinator has counted since it was made, and how it stands.
type CoordinatorStats struct {
	Mode      Mode // now
	Instances int  // that share, as in [Coordinator.Instances]

	// What became of round trips.
	Answered  int64
	NotRun    int64 // no connection, or the server said not now
	Unknown   int64 // no answer: it may have run
	Refused   int64 // an answer that is no decision
	Abandoned int64 // the caller gave up

	// Decisions made without Redis.
	Local, Closed, Open int64
}

// Stats reads the counters and the state.
func (c *Coordinator) Stats() CoordinatorStats {
	return CoordinatorStats{
		Mode: c.Mode(), Instances: c.Instances(),
		Answered:  c.results[answered].Load(),
		NotRun:    c.results[notRun].Load(),
		Unknown:   c.results[unknown].Load(),
		Refused:   c.results[refused].Load(),
		Abandoned: c.results[abandoned].Load(),
		Local:     c.fallbacks[FallbackLocal].Load(),
		Closed:    c.fallbacks[FailClosed].Load(),
		Open:      c.fallbacks[FailOpen].Load(),
	}
}

// coordinatorPoints are the metrics of a coordinator.
type coordinatorPoints struct {
	mode      [Degraded + 1]telemetry.Point
	instances telemetry.Point
	results   [verdicts]telemetry.Point
	fallbacks [FailOpen + 1]telemetry.Point
}

func (*instrument) coordinatorPoints(name string) (p coordinatorPoints) {
	point := func(m flowconv.Metric, more ...attribute.KeyValue) telemetry.Point {
		return telemetry.NewPoint(m, append(more, flowconv.CoordinationNameKey.String(name))...)
	}
	for m := range p.mode {
		p.mode[m] = point(flowconv.CoordinationMode, flowconv.CoordinationModeKey.String(Mode(m).String()))
	}
	for v := range p.results {
		p.results[v] = point(flowconv.CoordinationRoundTrips, flowconv.CoordinationResultKey.String(verdict(v).String()))
	}
	for f := range p.fallbacks {
		p.fallbacks[f] = point(flowconv.CoordinationFallbacks, flowconv.CoordinationFallbackKey.String(Fallback(f).String()))
	}
	p.instances = point(flowconv.CoordinationInstances)
	return p
}

// coordinatorReading is how a Coordinator is read at collection, kept off its method set.
type coordinatorReading Coordinator

func (r *coordinatorReading) Observe(o *telemetry.Observer) {
	c := (*Coordinator)(r)
	mode := c.Mode()
	for m := range c.metrics.mode {
		o.Observe(&c.metrics.mode[m], oneIf(Mode(m) == mode))
	}
	for v := range c.metrics.results {
		o.Observe(&c.metrics.results[v], c.results[v].Load())
	}
	for f := range c.metrics.fallbacks {
		o.Observe(&c.metrics.fallbacks[f], c.fallbacks[f].Load())
	}
	o.Observe(&c.metrics.instances, int64(c.Instances()))
}

func oneIf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
