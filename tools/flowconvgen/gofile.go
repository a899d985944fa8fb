package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/format"
	"slices"
	"strings"
	"unicode"

	"github.com/goflow-go/goflow/tools/registry"
)

// goFile is flowconv/registry_gen.go.
func goFile(r *registry.Registry) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("// Code generated from telemetry/registry.yaml by tools/flowconvgen. DO NOT EDIT.\n\n")
	b.WriteString("package flowconv\n\nimport \"go.opentelemetry.io/otel/attribute\"\n\n")
	goAttributes(&b, attributes(r))
	goMetrics(&b, r.OfType(registry.MetricGroup))
	goSpans(&b, r.OfType(registry.SpanGroup))
	goEvents(&b, r.OfType(registry.EventGroup))
	return format.Source(b.Bytes())
}

// attributes lists the declared attributes, by Go name.
func attributes(r *registry.Registry) []registry.Attribute {
	var all []registry.Attribute
	for _, g := range r.OfType(registry.AttributeGroup) {
		all = append(all, g.Attributes...)
	}
	slices.SortFunc(all, func(a, b registry.Attribute) int { return cmp.Compare(registry.KeyName(a.ID), registry.KeyName(b.ID)) })
	return all
}

func goAttributes(b *bytes.Buffer, attributes []registry.Attribute) {
	b.WriteString("// Attribute keys.\nconst (\n")
	for _, a := range attributes {
		fmt.Fprintf(b, "// %s is %q: %s\n", registry.KeyName(a.ID), a.ID, decapitalize(oneLine(a.Brief)))
		fmt.Fprintf(b, "%s = attribute.Key(%q)\n", registry.KeyName(a.ID), a.ID)
	}
	b.WriteString(")\n\n")
	for _, a := range attributes {
		if len(a.Type.Members) == 0 {
			continue
		}
		fmt.Fprintf(b, "// Values of %s.\nconst (\n", a.ID)
		for _, m := range a.Type.Members {
			fmt.Fprintf(b, "%s = %q // %s\n", registry.ValueName(a.ID, m.ID), m.Value, phrase(m.Brief))
		}
		b.WriteString(")\n\n")
	}
}

func goMetrics(b *bytes.Buffer, metrics []registry.Group) {
	b.WriteString("// Metrics.\nvar (\n")
	for _, g := range metrics {
		fmt.Fprintf(b, "%s = Metric{Name: %q, Unit: %q, Description: %q, Instrument: %s",
			registry.GoName(g.MetricName), g.MetricName, g.Unit, oneLine(g.Brief), registry.Instruments[g.Instrument])
		if g.Annotations.Goflow.Observable {
			b.WriteString(", Observable: true")
		}
		if name := g.Annotations.Goflow.Boundaries; name != "" {
			fmt.Fprintf(b, ", Boundaries: %s", name)
		}
		fmt.Fprintf(b, "%s}\n", goRefs(g))
	}
	b.WriteString(")\n\n")
	for _, name := range usedBoundaries(metrics) {
		fmt.Fprintf(b, "// %s are bucket boundaries.\nvar %s = %#v\n\n", name, name, registry.Boundaries[name])
	}
	names := sortedBy(metrics, func(g registry.Group) string { return g.MetricName })
	fmt.Fprintf(b, "// Metrics lists every metric, by name.\nvar Metrics = []Metric{%s}\n\n",
		joined(names, func(g registry.Group) string { return registry.GoName(g.MetricName) }))
}

// usedBoundaries names the boundaries that histograms have, each once.
func usedBoundaries(metrics []registry.Group) []string {
	var names []string
	for _, g := range metrics {
		if name := g.Annotations.Goflow.Boundaries; name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func goSpans(b *bytes.Buffer, spans []registry.Group) {
	b.WriteString("// Spans.\nvar (\n")
	for _, g := range spans {
		fmt.Fprintf(b, "%s = Span{ID: %q, Verbs: %#v%s}\n", registry.SpanName(g), registry.SpanID(g), g.Annotations.Goflow.Verbs, goRefs(g))
	}
	fmt.Fprintf(b, ")\n\n// Spans lists every family of spans, by ID.\nvar Spans = []Span{%s}\n\n",
		joined(sortedBy(spans, registry.SpanID), registry.SpanName))
}

func goEvents(b *bytes.Buffer, events []registry.Group) {
	events = sortedBy(events, func(g registry.Group) string { return g.Name })
	b.WriteString("// Event names.\nconst (\n")
	for _, g := range events {
		fmt.Fprintf(b, "%s = %q // %s\n", registry.EventName(g), g.Name, phrase(g.Brief))
	}
	b.WriteString(")\n\n// Events lists every event, by name.\nvar Events = []Event{\n")
	for _, g := range events {
		fmt.Fprintf(b, "{Name: %s%s},\n", registry.EventName(g), goRefs(g))
	}
	b.WriteString("}\n")
}

// goRefs is the last field of a declaration, or nothing when it has no attributes.
func goRefs(g registry.Group) string {
	if len(g.Attributes) == 0 {
		return ""
	}
	var refs []string
	for _, a := range g.Attributes {
		refs = append(refs, a.Ref)
	}
	return fmt.Sprintf(", Attributes: %#v", refs)
}

func sortedBy(groups []registry.Group, key func(registry.Group) string) []registry.Group {
	return slices.SortedFunc(slices.Values(groups), func(a, b registry.Group) int { return cmp.Compare(key(a), key(b)) })
}

func joined(groups []registry.Group, name func(registry.Group) string) string {
	var names []string
	for _, g := range groups {
		names = append(names, name(g))
	}
	return strings.Join(names, ", ")
}

// oneLine undoes the folding of YAML.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// phrase makes a brief ready to follow a colon: on one line, without its capital and full stop.
func phrase(brief string) string { return strings.TrimSuffix(decapitalize(oneLine(brief)), ".") }

// decapitalize leaves abbreviations alone.
func decapitalize(s string) string {
	if len(s) > 1 && unicode.IsUpper(rune(s[1])) {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
