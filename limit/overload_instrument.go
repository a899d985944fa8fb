package limit

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// attribute is the reason's value in telemetry.
func (r overloadReason) attribute() attribute.KeyValue {
	value := flowconv.LimiterOverloadReasonSchedLatency
	switch r {
	case reasonMemory:
		value = flowconv.LimiterOverloadReasonMemory
	case reasonGoroutines:
		value = flowconv.LimiterOverloadReasonGoroutines
	case reasonSchedLatency:
	}
	return flowconv.LimiterOverloadReasonKey.String(value)
}

// overloadTeller makes events of the changes of a control. That nothing is refused any more is told
// when it has been so for a second, so that a signal around its limit is one episode.
type overloadTeller struct {
	state string
	last  int64 // when something was refused
}

// tell looks at a control after a step.
func (t *overloadTeller) tell(i *instrument, c *overloadControl, now int64) {
	state := c.state()
	refuses := state != flowconv.LimiterOverloadStateNone
	if refuses {
		t.last = now
	}
	if state != t.state && (refuses || now-t.last >= int64(time.Second)) {
		t.state = state
		i.overloadChanged(state, c)
	}
}

// state is what a control does, as telemetry calls it.
func (c *overloadControl) state() string {
	switch {
	case c.closed:
		return flowconv.LimiterOverloadStateClosed
	case c.level > 0:
		return flowconv.LimiterOverloadStateShedding
	}
	return flowconv.LimiterOverloadStateNone
}

// overloadChanged tells that a limiter began to refuse, or ended.
func (i *instrument) overloadChanged(state string, c *overloadControl) {
	severity, text := log.SeverityInfo, fmt.Sprintf("limiter %q refuses nothing any more", i.name)
	attrs := []attribute.KeyValue{
		flowconv.LimiterNameKey.String(i.name),
		flowconv.LimiterOverloadStateKey.String(state),
	}
	if state != flowconv.LimiterOverloadStateNone {
		severity, text = log.SeverityWarn, fmt.Sprintf("limiter %q is %s: %s", i.name, state, c.explain())
		attrs = append(attrs, c.reason.attribute())
	}
	i.scope.Event(context.Background(), severity, flowconv.EventLimiterOverloadChange, text, attrs...)
}

// overloadReading is how an Overload is read at collection.
type overloadReading Overload

func (o *overloadReading) Observe(to *telemetry.Observer) {
	s := (*Overload)(o).Stats()
	to.Observe(&o.metrics.decisions[outcomeAllowed], s.Allowed)
	to.Observe(&o.metrics.decisions[outcomeDenied], s.Denied)
	to.Observe(&o.near, int64((*Overload)(o).Pressure()*ratioUnit))
}

// ratioUnit is how a ratio is reported.
const ratioUnit = 1e6
