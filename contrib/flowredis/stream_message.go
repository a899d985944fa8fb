package flowredis

import (
	"context"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Message is an entry of a Redis stream: what a [Producer] adds and a [Consumer] gives.
type Message struct {
	// ID is what Redis calls the entry. A Producer leaves it out: Redis gives one.
	ID string
	// Key is the producer's own name for what the message says, or "". A message that was added twice,
	// because an answer was lost, has it twice: who must not do a thing twice remembers it.
	Key string
	// Fields are what the message says. A Producer needs one at least. Names that begin with "goflow-",
	// "traceparent" and "tracestate" are the package's own.
	Fields map[string]string
	// Deliveries is how often the message was given to a consumer, this time included. It is 0 of a message
	// that was not consumed.
	Deliveries int

	origin trace.SpanContext
}

// Origin is the span the message goes back to: the one it was added under, or that of [Message.From]. It is
// invalid if there was none.
func (m Message) Origin() trace.SpanContext { return m.origin }

// From gives the message with the span it goes back to, where that is not the one it is added under: of a batch
// that many requests have a part in, each message goes back to its own.
func (m Message) From(origin trace.SpanContext) Message {
	m.origin = origin
	return m
}

// The fields of an entry that are the package's own.
const (
	fieldKey        = "goflow-key"
	fieldReason     = "goflow-reason"     // of a dead letter: why it is one
	fieldStream     = "goflow-stream"     // of a dead letter: where it was
	fieldGroup      = "goflow-group"      // of a dead letter: who could not process it
	fieldID         = "goflow-id"         // of a dead letter: what it was called there
	fieldDeliveries = "goflow-deliveries" // of a dead letter: how often it was given
)

// w3c is how the trace of a message is written.
var w3c propagation.TraceContext

// entry gives the fields of a message and its trace, sorted, since Redis stores entries with the same fields
// in the same order in less space.
func entry(ctx context.Context, m Message, more map[string]string) []any {
	fields := make(map[string]string, len(m.Fields)+len(more)+2)
	maps.Copy(fields, m.Fields)
	if m.Key != "" {
		fields[fieldKey] = m.Key
	}
	if m.origin.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, m.origin)
	}
	w3c.Inject(ctx, propagation.MapCarrier(fields))
	maps.Copy(fields, more)
	args := make([]any, 0, 2*len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		args = append(args, name, fields[name])
	}
	return args
}

// messageOf reads an entry; ok is false when it was deleted.
func messageOf(e redis.XMessage, deliveries int) (m Message, ok bool) {
	if e.Values == nil {
		return Message{ID: e.ID}, false
	}
	m = Message{ID: e.ID, Fields: make(map[string]string, len(e.Values)), Deliveries: deliveries}
	for name, value := range e.Values {
		m.Fields[name], _ = value.(string) // a reply has no other type there
	}
	m.Key = m.Fields[fieldKey]
	m.origin = trace.SpanContextFromContext(w3c.Extract(context.Background(), propagation.MapCarrier(m.Fields)))
	delete(m.Fields, fieldKey)
	for _, name := range w3c.Fields() {
		delete(m.Fields, name)
	}
	return m, true
}

func idsOf(messages []Message) []string {
	ids := make([]string, len(messages))
	for i, m := range messages {
		ids[i] = m.ID
	}
	return ids
}
