package streams

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Traced says which span an item brought along, such as that of whoever sent a message. In a stream
// that was [Stream.Named], the function of a [Map], [FlatMap] or [Stream.ForEach] then runs in a span
// of its own, "process orders/enrich", for each item whose span is sampled: a child of that span, which
// the function's context carries. Others cost the call of of, and get no span.
//
// It holds through steps to the same type. Of a [Batch] those above of which are traced, the function
// that takes a batch runs in one span, linked to at most 32 of those that its items brought, if one is
// sampled. Under a recording parent of the run, a batch's span is a child of the run's, also of one
// that is not traced.
func (s Stream[T]) Traced(of func(item T) trace.SpanContext) Stream[T] {
	s = s.require(of != nil, "of", "nil", "must not be nil")
	s.from.item = of
	return s
}

// origins tell where items were asked for.
type origins[T any] struct {
	item  func(item T) trace.SpanContext              // nil unless traced
	batch func(batch T) (links []trace.Link, len int) // nil unless items are batches
}

// links are those of the sampled items of a batch, at most as many as a span keeps.
func (o origins[T]) links(batch []T) []trace.Link {
	if o.item == nil {
		return nil
	}
	var links []trace.Link
	for _, v := range batch {
		sc := o.item(v)
		if !sc.IsSampled() || !sc.IsValid() {
			continue
		}
		if links = append(links, trace.Link{SpanContext: sc}); len(links) == telemetry.MaxLinks {
			break
		}
	}
	return links
}

// traced is m in a run: items and batches that were asked for in a trace get a span.
func (m *mapper[T, U]) traced(r *run) *mapper[T, U] {
	if r.inst.scope == nil || m.from.item == nil && m.from.batch == nil {
		return m
	}
	t := *m
	p := process{
		scope: r.inst.scope, name: spanProcess + r.inst.name + "/" + m.name,
		attrs: []attribute.KeyValue{flowconv.StreamNameKey.String(r.inst.name), flowconv.StreamStageKey.String(m.name)},
	}
	t.f = func(ctx context.Context, item T) (u U, err error) {
		var span telemetry.Span
		if m.from.batch != nil {
			ctx, span = p.batch(ctx, func() ([]trace.Link, int) { return m.from.batch(item) })
		} else if sc := m.from.item(item); sc.IsSampled() {
			ctx, span = p.scope.Continue(ctx, sc, p.name, p.attrs...)
		} else {
			return m.f(ctx, item)
		}
		err = core.ErrAborted // should the function panic
		defer func() { span.End(err) }()
		u, err = m.f(ctx, item)
		return u, err
	}
	return &t
}

// process makes the spans of a step's function.
type process struct {
	scope *telemetry.Scope
	name  string
	attrs []attribute.KeyValue
}

// batch starts the span of a batch.
func (p *process) batch(ctx context.Context, of func() ([]trace.Link, int)) (context.Context, telemetry.Span) {
	n := 0
	links := func() (links []trace.Link) {
		links, n = of()
		return links
	}
	ctx, span := p.scope.StartBatch(ctx, p.name, links, p.attrs...)
	span.Set(flowconv.StreamItemsKey.Int(n))
	return ctx, span
}
