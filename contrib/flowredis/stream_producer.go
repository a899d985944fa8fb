package flowredis

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Producer adds messages to a Redis stream. Make it with [NewProducer]. All methods are safe for concurrent use.
// Its method Add is a sink for a stream of batches:
//
//	err := streams.Batch(messages, 100, 10*time.Millisecond).ForEach(ctx, producer.AddAll)
type Producer struct {
	name        string
	cfg         ProducerConfig
	coordinator *Coordinator
	inst        instrument
	metrics     producerPoints
	counts      [verdicts]atomic.Int64 // of messages
}

// NewProducer makes a Producer on a coordinator's client. The name is its telemetry's and its errors'. It
// asks Redis nothing yet. A wrong config is an error that names every field at fault. Close it when it is no
// longer needed.
func NewProducer(name string, c *Coordinator, cfg ProducerConfig, opts ...Option) (*Producer, error) {
	var faults core.Faults
	faults.Require(c != nil, "coordinator", c, "must not be nil")
	if err := core.Configure(pkg, name, errors.Join(faults.Err(), cfg.Validate())); err != nil {
		return nil, err
	}
	p := &Producer{name: name, cfg: cfg.withDefaults(), coordinator: c, inst: newInstrument(opts)}
	p.metrics = newProducerPoints(name)
	p.inst.reader = producers.Register(p.inst.scope, (*producerReading)(p))
	return p, nil
}

// Name is the name the producer was made with.
func (p *Producer) Name() string { return p.name }

// Close takes the producer out of telemetry; its counts stay in its kind's totals. It is idempotent.
func (p *Producer) Close() { p.inst.stop() }

// String gives the name and the stream.
func (p *Producer) String() string { return fmt.Sprintf("producer %q: to %q", p.name, p.cfg.Stream) }

// mostAtOnce is how many messages one request adds.
const mostAtOnce = 1000

// Add adds messages in their order, a thousand to a request, and blocks until Redis has them. Each goes back to
// the span of ctx, or to its own (see [Message.From]; one that was consumed has one). A message without fields is
// an error that matches core.ErrInvalid, and none is added then.
//
// On an error of Redis, which is an [*AddError], what comes after the messages that failed was not sent. Some of
// those that failed may have been added: the package sends nothing twice that may have run. Who adds them again
// adds at least once; a [Message.Key] lets consumers tell.
func (p *Producer) Add(ctx context.Context, messages ...Message) error {
	return p.AddAll(ctx, messages)
}

// AddAll is [Producer.Add] for a slice, as streams.Stream.ForEach wants it.
func (p *Producer) AddAll(ctx context.Context, messages []Message) error {
	for i, m := range messages {
		if len(m.Fields) == 0 {
			return fmt.Errorf("flowredis: %q: %w: message %d has no fields", p.name, core.ErrInvalid, i)
		}
	}
	ctx, span := p.inst.scope.StartProducer(ctx, spanPublish+p.name,
		flowconv.ProducerNameKey.String(p.name), flowconv.ProducerMessagesKey.Int(len(messages)))
	err := p.add(ctx, messages)
	span.End(err)
	return err
}

func (p *Producer) add(ctx context.Context, messages []Message) error {
	added := 0
	for len(messages) > 0 {
		n := min(len(messages), mostAtOnce)
		done, err := p.send(ctx, messages[:n])
		added += done
		if err != nil {
			return &AddError{Producer: p.name, Added: added, Err: err}
		}
		messages = messages[n:]
	}
	return nil
}

// send adds messages by one request, and tells how many are surely added.
func (p *Producer) send(ctx context.Context, messages []Message) (added int, err error) {
	bounded, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	pipe := p.coordinator.client.Pipeline()
	for _, m := range messages {
		_ = pipe.Process(bounded, asText(bounded, p.command(ctx, m))) // Exec tells
	}
	cmds, failure := pipe.Exec(bounded)
	for _, cmd := range cmds {
		v, _ := judge(cmd.Err())
		p.counts[v].Add(1)
		switch {
		case v == answered:
			added++
		case err == nil:
			err = cmd.Err()
		}
	}
	if err == nil && failure != nil {
		err = failure
	}
	if err != nil {
		p.coordinator.lookAround(clock.Now())
	}
	return added, err
}

func (p *Producer) command(ctx context.Context, m Message) []any {
	args := []any{"xadd", p.cfg.Stream}
	if p.cfg.MaxLen > 0 {
		args = append(args, "maxlen", "~", p.cfg.MaxLen)
	}
	return append(append(args, "*"), entry(ctx, m, nil)...)
}

// AddError says that messages could not all be added. It wraps what Redis, or the client, said.
type AddError struct {
	Producer string // the producer's name
	Added    int    // how many surely were
	Err      error
}

// Error reads `flowredis: "orders": 3 messages were added, then: i/o timeout`.
func (e *AddError) Error() string {
	return fmt.Sprintf("flowredis: %q: %d messages were added, then: %v", e.Producer, e.Added, e.Err)
}

// Unwrap gives what Redis, or the client, said.
func (e *AddError) Unwrap() error { return e.Err }

// ErrorType is the class of the wrapped error, or unavailable when that says nothing.
func (e *AddError) ErrorType() string { return failedTrip{e.Err}.ErrorType() }
