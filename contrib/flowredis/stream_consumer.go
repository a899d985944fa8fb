package flowredis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/telemetry"
)

// Consumer reads a Redis stream as one of a consumer group, and gives each message at least once: until it is
// acknowledged, which the stream of [Consumer.Messages] does when all that was made of it was taken. Make it
// with [NewConsumer]. All methods are safe for concurrent use, but one run at a time reads it.
//
// A run begins with what this consumer was given before and has not acknowledged. Messages that another
// consumer, which may be dead, has not acknowledged for ConsumerConfig.ClaimAfter are taken over. A message that
// was given too often is moved to the dead letters. While Redis does not answer, the run is paused, and goes on
// by itself.
//
// A message comes again after a crash, after a run that failed, when processing a batch takes longer than ClaimAfter, and
// when a failover lost what was acknowledged. What Redis itself loses, it does not give.
type Consumer struct {
	name        string
	cfg         ConsumerConfig
	coordinator *Coordinator
	inst        instrument
	metrics     consumerPoints
	telemetry   []telemetry.Option // of its streams

	counts   [fates]atomic.Int64
	failures atomic.Int64 // requests
	active   atomic.Int64 // messages
	paused   atomic.Bool
	lag      atomic.Int64 // -1 when not known
	pending  atomic.Int64

	mu     sync.Mutex
	run    *reading            // the last run; its fields are of the goroutine that fetches
	flight map[string]struct{} // IDs of messages given in this run and not acknowledged
}

// NewConsumer makes a Consumer on a coordinator's client. The name is its telemetry's and its errors'. It asks
// Redis nothing yet. A wrong config is an error that names every field at fault. Close it when it is no longer
// needed.
func NewConsumer(name string, c *Coordinator, cfg ConsumerConfig, opts ...Option) (*Consumer, error) {
	var faults core.Faults
	faults.Require(c != nil, "coordinator", c, "must not be nil")
	if err := core.Configure(pkg, name, errors.Join(faults.Err(), cfg.Validate())); err != nil {
		return nil, err
	}
	co := &Consumer{name: name, cfg: cfg.withDefaults(), coordinator: c, inst: newInstrument(opts), telemetry: newOptions(opts).telemetry}
	co.lag.Store(-1)
	co.metrics = newConsumerPoints(name)
	co.inst.reader = consumers.Register(co.inst.scope, (*consumerReading)(co))
	return co, nil
}

// Name is the name the consumer was made with.
func (c *Consumer) Name() string { return c.name }

// Close takes the consumer out of telemetry; its counts stay in its kind's totals. What it has not
// acknowledged is pending in Redis. It is idempotent.
func (c *Consumer) Close() { c.inst.stop() }

// String gives the name, the stream and the group.
func (c *Consumer) String() string {
	return fmt.Sprintf("consumer %q: %q of group %q", c.name, c.cfg.Stream, c.cfg.Group)
}

// Messages is the stream of messages. It does not end by itself. It can be run again when a run has ended, and
// then begins with what was not acknowledged; a second run at the same time fails.
//
// The end of a run's context is seen within ConsumerConfig.Block, and a second more when Redis does not answer; what
// is to be acknowledged then has five seconds. An error of Redis that waiting does not heal, such as a key of another type, fails the run.
//
// The stream has the consumer's name and telemetry, and each message the trace it was added under: see
// streams.Stream.Traced.
func (c *Consumer) Messages() streams.Stream[Message] {
	messages := streams.FromAcknowledged[Message]((*inbox)(c))
	return messages.Named(c.name, streams.WithTelemetry(c.telemetry...)).Traced(Message.Origin)
}

// DeadLetter adds m to the stream of dead letters, with cause as the reason. It fits
// streams.Stream.DeadLetter, which acknowledges m then. A message may be there twice when an answer is lost.
func (c *Consumer) DeadLetter(ctx context.Context, m Message, cause error) error {
	reason := "unknown"
	if cause != nil {
		reason = cause.Error()
	}
	if err := c.setAside(ctx, m, reason); err != nil {
		return fmt.Errorf("flowredis: %q: dead letter %s: %w", c.name, m.ID, err)
	}
	c.counts[fateDeadLettered].Add(1)
	return nil
}
