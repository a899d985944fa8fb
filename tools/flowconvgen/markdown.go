package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/goflow-go/goflow/tools/registry"
)

const preamble = `<!-- Generated from telemetry/registry.yaml by tools/flowconvgen. DO NOT EDIT: run make generate. -->

# Telemetry

Everything goflow emits, by name. An instance's own name (the first argument of its constructor) is
the value of its ` + "`name`" + ` attribute on metrics, spans and events alike. Attributes of metrics are fixed
when an instance is made, so their number of series is known; what may have any value is on spans only.

`

// markdown is docs/telemetry.md.
func markdown(r *registry.Registry) []byte {
	var b bytes.Buffer
	b.WriteString(preamble)
	metricTable(&b, r.OfType(registry.MetricGroup))
	spanTable(&b, r.OfType(registry.SpanGroup))
	eventTable(&b, r.OfType(registry.EventGroup))
	attributeTable(&b, attributes(r))
	return b.Bytes()
}

func metricTable(b *bytes.Buffer, metrics []registry.Group) {
	b.WriteString("## Metrics\n\n")
	b.WriteString("The name in Prometheus is the one the Prometheus exporter and its OTLP receiver give. A histogram has\n" +
		"`_bucket`, `_sum` and `_count` after it.\n\n")
	header(b, "metric", "in Prometheus", "kind", "unit", "attributes", "what it says")
	for _, g := range sortedBy(metrics, func(g registry.Group) string { return g.MetricName }) {
		row(b, ticked(g.MetricName), ticked(registry.PrometheusName(g)), g.Instrument, ticked(g.Unit), refs(g), oneLine(g.Brief))
	}
	for _, name := range usedBoundaries(metrics) {
		fmt.Fprintf(b, "\nBuckets of histograms in %s: %s.\n", name, strings.Trim(fmt.Sprint(registry.Boundaries[name]), "[]"))
	}
}

func spanTable(b *bytes.Buffer, spans []registry.Group) {
	b.WriteString("\n## Spans\n\nA span's name is a verb and the instance's name.\n\n")
	header(b, "span", "verbs", "kind", "attributes", "what it says")
	for _, g := range sortedBy(spans, registry.SpanID) {
		var verbs []string
		for _, v := range g.Annotations.Goflow.Verbs {
			verbs = append(verbs, ticked(v))
		}
		row(b, ticked(registry.SpanID(g)), strings.Join(verbs, ", "), g.SpanKind, refs(g), oneLine(g.Brief))
	}
}

func eventTable(b *bytes.Buffer, events []registry.Group) {
	b.WriteString("\n## Events\n\nAn event is a log record with an event name, in the trace it happened in.\n\n")
	header(b, "event", "attributes", "what it says")
	for _, g := range sortedBy(events, func(g registry.Group) string { return g.Name }) {
		row(b, ticked(g.Name), refs(g), oneLine(g.Brief))
	}
}

func attributeTable(b *bytes.Buffer, attributes []registry.Attribute) {
	b.WriteString("\n## Attributes\n\n")
	header(b, "attribute", "type", "values", "what it says")
	for _, a := range attributes {
		row(b, ticked(a.ID), a.Type.Name, values(a), oneLine(a.Brief))
	}
}

// values lists an enum's members, or examples of anything else.
func values(a registry.Attribute) string {
	var list []string
	for _, m := range a.Type.Members {
		list = append(list, fmt.Sprintf("%s: %s", ticked(m.Value), phrase(m.Brief)))
	}
	if len(list) > 0 {
		return strings.Join(list, "<br>")
	}
	for _, e := range a.Examples {
		list = append(list, ticked(fmt.Sprint(e)))
	}
	if len(list) == 0 {
		return "any"
	}
	return "such as " + strings.Join(list, ", ")
}

// refs lists a group's attributes, each with when it is there, unless always.
func refs(g registry.Group) string {
	var list []string
	for _, a := range g.Attributes {
		text := ticked(a.Ref)
		switch a.Level.Name {
		case registry.ConditionallyRequired:
			text += " (" + a.Level.When + ")"
		case "opt_in":
			text += " (when asked for)"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func header(b *bytes.Buffer, titles ...string) {
	row(b, titles...)
	b.WriteString("|" + strings.Repeat(" --- |", len(titles)) + "\n")
}

func row(b *bytes.Buffer, cells ...string) {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func ticked(s string) string { return "`" + s + "`" }
