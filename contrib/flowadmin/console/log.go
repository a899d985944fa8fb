package console

import (
	"encoding/binary"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/trace"
)

// logRecord is a log record, as the ring keeps it: numbers at fixed places, then its texts (level,
// scope, event, body, and the attributes).
type logRecord []byte

// Where the numbers stand.
const (
	atLogTrace    = 0
	atLogSpan     = 16
	atLogTime     = 24
	atLogSeverity = 32
	logHead       = 33
)

// appendLog appends the record. It has at most maxRecord bytes, and shares nothing with l.
func appendLog(b []byte, l *sdklog.Record) []byte {
	traceID, span, at := l.TraceID(), l.SpanID(), l.Timestamp()
	if at.IsZero() {
		at = l.ObservedTimestamp()
	}
	b = append(b, traceID[:]...)
	b = append(b, span[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(at.UnixNano())) //nolint:gosec // read back as it was
	b = append(b, byte(l.Severity()))                              //nolint:gosec // 0 to 24
	b = appendText(b, l.InstrumentationScope().Name, maxName)
	b = appendText(b, l.EventName(), maxName)
	b = appendValue(b, l.Body())
	start := len(b)
	l.WalkAttributes(func(kv attribute.KeyValue) bool {
		b = appendAttr(b, kv, start)
		return true
	})
	return b
}

func (r logRecord) trace() trace.TraceID { return trace.TraceID(r[atLogTrace:atLogSpan]) }
func (r logRecord) span() trace.SpanID   { return trace.SpanID(r[atLogSpan:atLogTime]) }
func (r logRecord) time() int64          { return int64(binary.LittleEndian.Uint64(r[atLogTime:])) } //nolint:gosec // as it was
func (r logRecord) severity() int        { return int(r[atLogSeverity]) }
func (r logRecord) texts() texts         { return texts{r[logHead:]} }

// level is the severity's short name.
func (r logRecord) level() string {
	names := [...]string{"trace", "debug", "info", "warn", "error", "fatal"}
	s := r.severity()
	if s < 1 || s > 4*len(names) {
		return ""
	}
	return names[(s-1)/4]
}
