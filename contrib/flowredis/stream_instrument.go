package flowredis

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

var (
	consumers = telemetry.NewKind(scopeName,
		flowconv.ConsumerMessages, flowconv.ConsumerMessageActive, flowconv.ConsumerFailures, flowconv.ConsumerPaused,
		flowconv.ConsumerGroupLag, flowconv.ConsumerGroupPending,
	)
	producers = telemetry.NewKind(scopeName, flowconv.ProducerMessages)
)

// spanPublish is the verb of a producer's spans.
const spanPublish = "publish "

// fate is what became of a message of a consumer.
type fate uint8

const (
	fateReceived fate = iota
	fateAgain
	fateClaimed
	fateAcknowledged
	fateDeadLettered
	fates
)

func (f fate) String() string {
	switch f {
	case fateAgain:
		return flowconv.ConsumerOutcomeAgain
	case fateClaimed:
		return flowconv.ConsumerOutcomeClaimed
	case fateAcknowledged:
		return flowconv.ConsumerOutcomeAcknowledged
	case fateDeadLettered:
		return flowconv.ConsumerOutcomeDeadLettered
	case fateReceived, fates:
	}
	return flowconv.ConsumerOutcomeReceived
}

// consumerPoints are the metrics of a consumer.
type consumerPoints struct {
	messages                               [fates]telemetry.Point
	active, failures, paused, lag, pending telemetry.Point
}

func newConsumerPoints(name string) (p consumerPoints) {
	at := flowconv.ConsumerNameKey.String(name)
	for f := range p.messages {
		p.messages[f] = telemetry.NewPoint(flowconv.ConsumerMessages, at, flowconv.ConsumerOutcomeKey.String(fate(f).String()))
	}
	p.active = telemetry.NewPoint(flowconv.ConsumerMessageActive, at)
	p.failures = telemetry.NewPoint(flowconv.ConsumerFailures, at)
	p.paused = telemetry.NewPoint(flowconv.ConsumerPaused, at)
	p.lag = telemetry.NewPoint(flowconv.ConsumerGroupLag, at)
	p.pending = telemetry.NewPoint(flowconv.ConsumerGroupPending, at)
	return p
}

// consumerReading is how a Consumer is read at collection, kept off its method set.
type consumerReading Consumer

func (r *consumerReading) Observe(o *telemetry.Observer) {
	c := (*Consumer)(r)
	for f := range c.metrics.messages {
		o.Observe(&c.metrics.messages[f], c.counts[f].Load())
	}
	o.Observe(&c.metrics.active, c.active.Load())
	o.Observe(&c.metrics.failures, c.failures.Load())
	o.Observe(&c.metrics.paused, oneIf(c.paused.Load()))
	if lag := c.lag.Load(); lag >= 0 {
		o.Observe(&c.metrics.lag, lag)
	}
	o.Observe(&c.metrics.pending, c.pending.Load())
}

// stateChanged tells that Redis was lost, or is back.
func (c *Consumer) stateChanged(ctx context.Context, cause error) {
	severity, state := log.SeverityInfo, flowconv.ConsumerStateReading
	text := fmt.Sprintf("consumer %q: redis answers again", c.name)
	attrs := []attribute.KeyValue{flowconv.ConsumerNameKey.String(c.name)}
	if cause != nil {
		severity, state = log.SeverityWarn, flowconv.ConsumerStatePaused
		text = fmt.Sprintf("consumer %q: paused until redis answers: %v", c.name, cause)
		attrs = append(attrs, flowconv.ErrorTypeKey.String(failedTrip{cause}.ErrorType()))
	}
	attrs = append(attrs, flowconv.ConsumerStateKey.String(state))
	c.inst.scope.Event(ctx, severity, flowconv.EventConsumerStateChange, text, attrs...)
}

// producerPoints are the metrics of a producer.
type producerPoints struct{ added, notAdded, unknown telemetry.Point }

func newProducerPoints(name string) producerPoints {
	point := func(outcome string) telemetry.Point {
		return telemetry.NewPoint(flowconv.ProducerMessages,
			flowconv.ProducerNameKey.String(name), flowconv.ProducerOutcomeKey.String(outcome))
	}
	return producerPoints{
		point(flowconv.ProducerOutcomeAdded), point(flowconv.ProducerOutcomeNotAdded), point(flowconv.ProducerOutcomeUnknown),
	}
}

// producerReading is how a Producer is read at collection, kept off its method set.
type producerReading Producer

func (r *producerReading) Observe(o *telemetry.Observer) {
	p := (*Producer)(r)
	s := p.Stats()
	o.Observe(&p.metrics.added, s.Added)
	o.Observe(&p.metrics.notAdded, s.NotAdded)
	o.Observe(&p.metrics.unknown, s.Unknown)
}
