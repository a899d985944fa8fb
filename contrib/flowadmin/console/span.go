package console

import (
	"encoding/binary"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// spanRecord is a span that has ended, as the ring keeps it: numbers at fixed places, then its links,
// then its texts (name, scope, status, and the attributes).
type spanRecord []byte

// Where the numbers stand.
const (
	atTrace    = 0
	atSpan     = 16
	atParent   = 24
	atStart    = 32
	atDuration = 40
	atKind     = 48
	atStatus   = 49
	atRemote   = 50
	atLinks    = 51 // how many
	spanHead   = 52

	linkBytes = 24
	maxLinks  = 128
)

// appendSpan appends the record of a span. It has at most maxRecord bytes.
func appendSpan(b []byte, s sdktrace.ReadOnlySpan) []byte {
	b = appendSpanHead(b, s)
	b = appendText(b, s.Name(), maxName)
	b = appendText(b, s.InstrumentationScope().Name, maxName)
	b = appendText(b, s.Status().Description, maxValue)
	start := len(b)
	for _, kv := range s.Attributes() {
		b = appendAttr(b, kv, start)
	}
	return b
}

func appendSpanHead(b []byte, s sdktrace.ReadOnlySpan) []byte {
	sc, parent, start := s.SpanContext(), s.Parent(), s.StartTime()
	traceID, id, parentID := sc.TraceID(), sc.SpanID(), parent.SpanID()
	b = append(b, traceID[:]...)
	b = append(b, id[:]...)
	b = append(b, parentID[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(start.UnixNano()))               //nolint:gosec // read back as it was
	b = binary.LittleEndian.AppendUint64(b, uint64(max(0, s.EndTime().Sub(start)))) //nolint:gosec // not negative
	remote := byte(0)
	if parent.IsRemote() {
		remote = 1
	}
	links := s.Links()
	links = links[:min(len(links), maxLinks)]
	b = append(b, byte(s.SpanKind()), byte(s.Status().Code), remote, byte(len(links))) //nolint:gosec // small numbers all
	for _, l := range links {
		traceID, id = l.SpanContext.TraceID(), l.SpanContext.SpanID()
		b = append(b, traceID[:]...)
		b = append(b, id[:]...)
	}
	return b
}

// spanKey is which span it is.
type spanKey struct {
	trace trace.TraceID
	span  trace.SpanID
}

func (r spanRecord) trace() trace.TraceID { return trace.TraceID(r[atTrace:atSpan]) }
func (r spanRecord) span() trace.SpanID   { return trace.SpanID(r[atSpan:atParent]) }
func (r spanRecord) parent() trace.SpanID { return trace.SpanID(r[atParent:atStart]) }
func (r spanRecord) key() spanKey         { return spanKey{r.trace(), r.span()} }

// start is in Unix nanoseconds.
func (r spanRecord) start() int64    { return int64(binary.LittleEndian.Uint64(r[atStart:])) }    //nolint:gosec // as it was
func (r spanRecord) duration() int64 { return int64(binary.LittleEndian.Uint64(r[atDuration:])) } //nolint:gosec // as it was
func (r spanRecord) end() int64      { return r.start() + r.duration() }
func (r spanRecord) remote() bool    { return r[atRemote] == 1 }
func (r spanRecord) links() int      { return int(r[atLinks]) }

// link is the span that a link points to.
func (r spanRecord) link(i int) spanKey {
	at := r[spanHead+i*linkBytes:]
	return spanKey{trace.TraceID(at[:16]), trace.SpanID(at[16:linkBytes])}
}

func (r spanRecord) texts() texts { return texts{r[spanHead+r.links()*linkBytes:]} }

func (r spanRecord) name() string {
	t := r.texts()
	return string(t.next())
}

func (r spanRecord) kind() string { return trace.SpanKind(r[atKind]).String() }

// The codes of codes.Code, which is how the record holds a status.
const statusError = 1

func (r spanRecord) failed() bool { return r[atStatus] == statusError }

func (r spanRecord) status() string {
	switch r[atStatus] {
	case statusError:
		return "error"
	case 0:
		return "unset"
	}
	return "ok"
}
