package watch

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const (
	pkg       = "watch"
	scopeName = "github.com/goflow-go/goflow/core/health/watch"
)

// The kinds of this package.
var (
	watches = telemetry.NewKind(scopeName, flowconv.HealthCheckStatus, flowconv.HealthCheckDuration,
		flowconv.HealthTransitions, flowconv.HealthState)
	webhooks = telemetry.NewKind(scopeName, flowconv.HealthNotifications)
)

// instrument is the telemetry of a watch.
type instrument struct {
	name   attribute.KeyValue
	scope  *telemetry.Scope
	reader *telemetry.Registration
}

func newInstrument(name string, o options) instrument {
	return instrument{name: flowconv.HealthNameKey.String(name), scope: telemetry.NewScope(scopeName, o.telemetry...)}
}

func (i *instrument) start(in telemetry.Instance) { i.reader = watches.Register(i.scope, in) }

func (i *instrument) stop() { i.reader.Close() }

// statePoints are the metric of the state.
type statePoints [states]telemetry.Point

func (i *instrument) statePoints() (p statePoints) {
	for s := range p {
		p[s] = telemetry.NewPoint(flowconv.HealthState, i.name, flowconv.HealthStateKey.String(health.State(s).String()))
	}
	return p
}

// watched is what is kept of a check.
type watched struct {
	status, transitions [statuses]telemetry.Point
	durations           [statuses]*telemetry.Durations
	into                [statuses]atomic.Int64 // how often each status was entered
}

func (i *instrument) watched(s subject) *watched {
	c := new(watched)
	for status := range c.status {
		attrs := []attribute.KeyValue{
			i.name, flowconv.HealthCheckKey.String(s.name), flowconv.HealthGroupKey.String(s.group.String()),
			flowconv.HealthStatusKey.String(health.Status(status).String()),
		}
		c.status[status] = telemetry.NewPoint(flowconv.HealthCheckStatus, attrs...)
		c.transitions[status] = telemetry.NewPoint(flowconv.HealthTransitions, attrs...)
		c.durations[status] = i.reader.Durations(flowconv.HealthCheckDuration, attrs...)
	}
	return c
}

// ran notes how long a run took.
func (c *watched) ran(run health.Run) {
	c.durations[run.Status].Record(context.Background(), run.Took, nil)
}

// entered counts a change to a status, by its name.
func (c *watched) entered(name string) {
	for s := range c.into {
		if health.Status(s).String() == name {
			c.into[s].Add(1)
		}
	}
}

// reading is how a watch is read at collection, kept off its method set.
type reading Watch

// Observe reports all that is in the registry now.
func (r *reading) Observe(o *telemetry.Observer) {
	w := (*Watch)(r)
	for group := range health.Startup + 1 {
		for _, result := range w.registry.Report(group).Checks {
			c := w.of(subject{group, result.Name})
			for s := range c.status {
				o.Observe(&c.status[s], oneIf(health.Status(s) == result.Status))
				o.Observe(&c.transitions[s], c.into[s].Load())
			}
		}
	}
	state := w.registry.State()
	for s := range w.state {
		o.Observe(&w.state[s], oneIf(health.State(s) == state))
	}
}

func oneIf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// changed writes the event of a change.
func (i *instrument) changed(c health.Change) {
	if c.Check == "" {
		i.scope.Event(context.Background(), log.SeverityInfo, flowconv.EventHealthChange, "the process is now "+c.To,
			i.name, flowconv.HealthStateKey.String(c.To))
		return
	}
	severity := log.SeverityInfo
	if c.To == health.Down.String() || c.To == health.Degraded.String() {
		severity = log.SeverityWarn
	}
	text := fmt.Sprintf("%s check %q is now %s", c.Group, c.Check, c.To)
	if c.Error != "" {
		text += ": " + c.Error
	}
	i.scope.Event(context.Background(), severity, flowconv.EventHealthChange, text,
		i.name, flowconv.HealthCheckKey.String(c.Check), flowconv.HealthGroupKey.String(c.Group.String()),
		flowconv.HealthStatusKey.String(c.To))
}
