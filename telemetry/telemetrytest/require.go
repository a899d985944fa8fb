package telemetrytest

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// RequireSpan gives the first ended span with this name and these attributes.
func (r *Recorder) RequireSpan(name string, attrs ...attribute.KeyValue) sdktrace.ReadOnlySpan {
	r.t.Helper()
	for _, s := range r.Spans() {
		if s.Name() == name && has(s.Attributes(), attrs) {
			return s
		}
	}
	r.t.Fatalf("telemetrytest: no span %q%s; there is\n%s", name, braces(attrs), r.spanText())
	return nil
}

// RequireNoSpan ends the test if a span with this name and these attributes has ended.
func (r *Recorder) RequireNoSpan(name string, attrs ...attribute.KeyValue) {
	r.t.Helper()
	for _, s := range r.Spans() {
		if s.Name() == name && has(s.Attributes(), attrs) {
			r.t.Fatalf("telemetrytest: there is a span %q%s:\n%s", name, braces(attrs), r.spanText())
		}
	}
}

// RequireMetric gives the one point of a metric that has these attributes.
func (r *Recorder) RequireMetric(name string, attrs ...attribute.KeyValue) Point {
	r.t.Helper()
	found := r.Points(name, attrs...)
	if len(found) != 1 {
		r.t.Fatalf("telemetrytest: metric %s%s has %d points, want 1; there is\n%s",
			name, braces(attrs), len(found), r.metricText())
		return Point{}
	}
	return found[0]
}

// RequireNoMetric ends the test if the metric has a point with these attributes.
func (r *Recorder) RequireNoMetric(name string, attrs ...attribute.KeyValue) {
	r.t.Helper()
	if found := r.Points(name, attrs...); len(found) > 0 {
		r.t.Fatalf("telemetrytest: metric %s%s has %d points, want none; there is\n%s",
			name, braces(attrs), len(found), r.metricText())
	}
}

// RequireSum checks the values of a counter, up-down counter or gauge, added over its points with
// these attributes. A metric without such points does not pass, whatever is wanted.
func (r *Recorder) RequireSum(name string, want int64, attrs ...attribute.KeyValue) {
	r.t.Helper()
	found := r.Points(name, attrs...)
	var sum float64
	for _, p := range found {
		sum += p.Value
	}
	if len(found) == 0 || sum != float64(want) {
		r.t.Fatalf("telemetrytest: metric %s%s is %v over %d points, want %d; there is\n%s",
			name, braces(attrs), sum, len(found), want, r.metricText())
	}
}

// RequireCount checks how many values a histogram holds, over its points with these attributes. A
// metric without such points does not pass, whatever is wanted.
func (r *Recorder) RequireCount(name string, want uint64, attrs ...attribute.KeyValue) {
	r.t.Helper()
	found := r.Points(name, attrs...)
	var count uint64
	for _, p := range found {
		count += p.Count
	}
	if len(found) == 0 || count != want {
		r.t.Fatalf("telemetrytest: metric %s%s holds %d values over %d points, want %d; there is\n%s",
			name, braces(attrs), count, len(found), want, r.metricText())
	}
}

// RequireEvent gives the first log record with this event name and these attributes.
func (r *Recorder) RequireEvent(name string, attrs ...attribute.KeyValue) sdklog.Record {
	r.t.Helper()
	for _, e := range r.Logs() {
		if e.EventName() == name && has(attributesOf(&e), attrs) {
			return e
		}
	}
	r.t.Fatalf("telemetrytest: no event %s%s; there is\n%s", name, braces(attrs), r.eventText())
	return sdklog.Record{}
}

// RequireNoEvent ends the test if there is a log record with this event name and these attributes.
func (r *Recorder) RequireNoEvent(name string, attrs ...attribute.KeyValue) {
	r.t.Helper()
	for _, e := range r.Logs() {
		if e.EventName() == name && has(attributesOf(&e), attrs) {
			r.t.Fatalf("telemetrytest: there is an event %s%s:\n%s", name, braces(attrs), r.eventText())
		}
	}
}

// braces shows attributes as {a=1, b=2}, and none as nothing.
func braces(attrs []attribute.KeyValue) string {
	if len(attrs) == 0 {
		return ""
	}
	set := attribute.NewSet(attrs...) // sorts them
	list := make([]string, 0, set.Len())
	for _, kv := range set.ToSlice() {
		list = append(list, fmt.Sprintf("%s=%s", kv.Key, kv.Value))
	}
	return "{" + strings.Join(list, ", ") + "}"
}
