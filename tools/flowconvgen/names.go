package main

import "strings"

// goName makes a Go identifier: "goflow.limiter.retry_after" becomes LimiterRetryAfter.
func goName(name string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(strings.TrimPrefix(name, "goflow."), isSeparator) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func isSeparator(r rune) bool { return r == '.' || r == '_' }

func keyName(attribute string) string           { return goName(attribute) + "Key" }
func valueName(attribute, member string) string { return goName(attribute) + goName(member) }
func spanName(g group) string                   { return goName(spanID(g)) + "Span" }
func eventName(g group) string                  { return "Event" + goName(g.Name) }
func spanID(g group) string                     { return strings.TrimPrefix(g.ID, "span.") }

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

// prometheusName is the metric's name as OpenTelemetry's Prometheus exporter writes it.
func prometheusName(g group) string {
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
