package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// SpanPolicy says when an operation gets a span.
type SpanPolicy uint8

const (
	// OnRecordingParent makes a span under a parent that records: an operation is seen in the
	// traces of those who asked for it, and costs one look at the context otherwise.
	OnRecordingParent SpanPolicy = iota
	// Always makes a span of every operation, a root where there is no parent.
	Always
	// Never makes none.
	Never
)

// String gives the policy's name.
func (p SpanPolicy) String() string {
	switch p {
	case OnRecordingParent:
		return "on_recording_parent"
	case Always:
		return "always"
	case Never:
		return "never"
	}
	return "unknown"
}

// Traced reports whether an operation under ctx is to get a span. It is the gate in front of
// everything that costs: names, attributes, the clock.
func (s *Scope) Traced(ctx context.Context) bool {
	if s.policy == OnRecordingParent {
		return trace.SpanFromContext(ctx).IsRecording()
	}
	return s.policy == Always
}

// Span is a started span. Its methods contain a tracer's panics and do nothing on a span that does
// not record.
type Span struct{ span trace.Span }

// Start starts a child of ctx's span for work whose caller waits, when the policy says so;
// otherwise ctx is returned as it is, with a Span that does nothing. The name is "verb instance".
func (s *Scope) Start(ctx context.Context, name string, attrs ...attribute.KeyValue) (context.Context, Span) {
	if !s.Traced(ctx) {
		return ctx, Span{}
	}
	return s.start(ctx, name, trace.WithAttributes(attrs...))
}

// Continue starts a child of a span elsewhere, in another process or long ago, for work that was asked
// for there and brought its span context along. Unlike [Scope.Start] it needs no recording parent here:
// the parent is sampled, or there is no span. Only [Never] holds it back.
func (s *Scope) Continue(ctx context.Context, parent trace.SpanContext, name string, attrs ...attribute.KeyValue) (context.Context, Span) {
	if s.policy == Never || !parent.IsSampled() || !parent.IsValid() {
		return ctx, Span{}
	}
	return s.start(trace.ContextWithRemoteSpanContext(ctx, parent), name, trace.WithAttributes(attrs...))
}

// StartBatch starts a span for work on many items at once, with links to where they were asked for: a
// child of ctx's span when the policy says so, or else a root, if there is a link. The links are asked
// for when they can be of use, and at most [MaxLinks] kept.
func (s *Scope) StartBatch(ctx context.Context, name string, links func() []trace.Link, attrs ...attribute.KeyValue) (context.Context, Span) {
	if s.policy == Never {
		return ctx, Span{}
	}
	to, traced := links(), s.Traced(ctx)
	switch {
	case traced:
		return s.start(ctx, name, linked(to), trace.WithAttributes(attrs...))
	case len(to) > 0:
		return s.StartLinked(ctx, name, to, attrs...)
	}
	return ctx, Span{}
}

// MaxLinks is how many links [Scope.StartLinked] keeps.
const MaxLinks = 32

// StartLinked starts a new root for deferred work (a timer, a queue, a batch), linked to where it
// was asked for: the first [MaxLinks] of links. Unlike [Scope.Start] it needs no recording parent:
// only [Never] holds it back. Use [Link] to note where work was asked for.
func (s *Scope) StartLinked(ctx context.Context, name string, links []trace.Link, attrs ...attribute.KeyValue) (context.Context, Span) {
	if s.policy == Never {
		return ctx, Span{}
	}
	return s.start(ctx, name, trace.WithNewRoot(), linked(links), trace.WithAttributes(attrs...))
}

// StartAt starts a new root for work that began at a time that is past by now. Only [Never] holds it back.
func (s *Scope) StartAt(ctx context.Context, name string, start time.Time, attrs ...attribute.KeyValue) (context.Context, Span) {
	if s.policy == Never {
		return ctx, Span{}
	}
	return s.start(ctx, name, trace.WithNewRoot(), trace.WithTimestamp(start), trace.WithAttributes(attrs...))
}

func linked(links []trace.Link) trace.SpanStartOption {
	return trace.WithLinks(links[:min(len(links), MaxLinks)]...)
}

// Root starts roots of one name, for deferred work that comes often: what does not change from one to the
// next is made once.
type Root struct {
	scope *Scope
	name  string
	opts  []trace.SpanStartOption
}

// NewRoot makes a Root. The attributes are those a sampler may want; [Span.Set] adds others where the span
// records.
func (s *Scope) NewRoot(name string, attrs ...attribute.KeyValue) *Root {
	opts := []trace.SpanStartOption{trace.WithNewRoot(), trace.WithAttributes(attrs...)}
	return &Root{s, name, opts[:len(opts):len(opts)]}
}

// Start starts a root, linked to where the work was asked for; see [Scope.StartLinked].
func (r *Root) Start(ctx context.Context, links ...trace.Link) (context.Context, Span) {
	if r.scope.policy == Never {
		return ctx, Span{}
	}
	opts := r.opts
	if len(links) > 0 {
		opts = append(opts, linked(links))
	}
	return r.scope.start(ctx, r.name, opts...)
}

func (s *Scope) start(ctx context.Context, name string, opts ...trace.SpanStartOption) (started context.Context, span Span) {
	started = ctx
	contain(func() {
		c, sp := s.tracer.Start(ctx, name, opts...)
		started, span = c, Span{sp}
	})
	return started, span
}

// Ended makes the span of an operation that is over: whatever the tracer does, it came too late to
// change the outcome. The caller has looked at [Scope.Traced] before it built attributes.
func (s *Scope) Ended(ctx context.Context, name string, start time.Time, err error, attrs ...attribute.KeyValue) {
	_, span := s.start(ctx, name, trace.WithTimestamp(start), trace.WithAttributes(attrs...))
	span.End(err)
}

// Between makes the span of an operation that began and ended at times that someone else has told. The caller has
// looked at [Scope.Traced], as for [Scope.Ended].
func (s *Scope) Between(ctx context.Context, name string, start, end time.Time, err error, attrs ...attribute.KeyValue) {
	_, span := s.start(ctx, name, trace.WithTimestamp(start), trace.WithAttributes(attrs...))
	span.end(err, trace.WithTimestamp(end))
}

// Recording reports whether attributes would be kept.
func (s Span) Recording() (recording bool) {
	if s.span != nil {
		contain(func() { recording = s.span.IsRecording() })
	}
	return recording
}

// Set adds attributes.
func (s Span) Set(attrs ...attribute.KeyValue) {
	if s.Recording() {
		contain(func() { s.span.SetAttributes(attrs...) })
	}
}

// End ends the span. An error marks it failed, with its class as error.type.
func (s Span) End(err error) { s.end(err) }

func (s Span) end(err error, opts ...trace.SpanEndOption) {
	if s.span == nil {
		return
	}
	contain(func() {
		if err != nil && s.span.IsRecording() {
			s.span.SetStatus(codes.Error, err.Error())
			s.span.SetAttributes(flowconv.ErrorTypeKey.String(core.ErrorType(err)))
		}
		s.span.End(opts...)
	})
}

// Link notes where ctx's work was asked for, to link to later; ok is false outside any trace.
func Link(ctx context.Context) (link trace.Link, ok bool) {
	sc := trace.SpanContextFromContext(ctx)
	return trace.Link{SpanContext: sc}, sc.IsValid()
}
