package registry

import "strings"

// GoName makes a Go identifier: "goflow.limiter.retry_after" becomes LimiterRetryAfter.
func GoName(name string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(strings.TrimPrefix(name, "goflow."), isSeparator) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func isSeparator(r rune) bool { return r == '.' || r == '_' }

// KeyName is the constant of an attribute's key.
func KeyName(attribute string) string { return GoName(attribute) + "Key" }

// ValueName is the constant of an enum's value.
func ValueName(attribute, member string) string { return GoName(attribute) + GoName(member) }

// SpanName is the variable of a family of spans.
func SpanName(g Group) string { return GoName(SpanID(g)) + "Span" }

// EventName is the constant of an event's name.
func EventName(g Group) string { return "Event" + GoName(g.Name) }

// SpanID names a family of spans.
func SpanID(g Group) string { return strings.TrimPrefix(g.ID, "span.") }

// unitSuffix is what Prometheus' names get from a UCUM unit; ok is false when it is not known.
func unitSuffix(unit string) (suffix string, ok bool) {
	switch {
	case unit == "s":
		return "_seconds", true
	case unit == "By":
		return "_bytes", true
	case unit == "1":
		return "_ratio", true
	case strings.HasPrefix(unit, "{") && strings.HasSuffix(unit, "}"):
		return "", true
	}
	return "", false
}

// PrometheusName is the metric's name as OpenTelemetry's Prometheus exporter writes it.
func PrometheusName(g Group) string {
	name := strings.ReplaceAll(g.MetricName, ".", "_")
	suffix, _ := unitSuffix(g.Unit)
	if g.Unit == "1" && g.Instrument != "gauge" {
		suffix = ""
	}
	if !strings.HasSuffix(name, suffix) {
		name += suffix
	}
	if g.Instrument == "counter" {
		name += "_total"
	}
	return name
}
