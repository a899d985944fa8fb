package core

import (
	"context"
	"time"

	"github.com/goflow-go/goflow/internal/ctxkey"
)

// Occurrence says which firing of a schedule a task runs for. Two processes with the same schedule have
// the same occurrences, so it is the key to run once among them.
type Occurrence struct {
	Job  string    // the job's name
	Time time.Time // when it was due, whenever it started
}

// WithOccurrence gives ctx to the task of an occurrence. Schedulers call it.
func WithOccurrence(ctx context.Context, o Occurrence) context.Context {
	return context.WithValue(ctx, ctxkey.Occurrence{}, o)
}

// OccurrenceOf says which occurrence a task or policy under ctx runs for; ok is false outside a
// scheduled run.
func OccurrenceOf(ctx context.Context) (o Occurrence, ok bool) {
	o, ok = ctx.Value(ctxkey.Occurrence{}).(Occurrence)
	return o, ok
}
