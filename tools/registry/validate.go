package registry

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Boundaries are the bucket boundaries a histogram may name, in its unit.
var Boundaries = map[string][]float64{
	"items":   {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000},
	"seconds": {1e-05, 0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
}

// Instruments are the kinds of metrics, and the constants of flowconv for them.
var Instruments = map[string]string{
	"counter":       "Counter",
	"updowncounter": "UpDownCounter",
	"gauge":         "Gauge",
	"histogram":     "Histogram",
}

// validName is what OpenTelemetry asks of names: words in lower case, dots between namespaces.
var validName = regexp.MustCompile(`^[a-z][a-z0-9]*([._][a-z0-9]+)*$`)

// validator collects what is wrong with a registry.
type validator struct {
	declared map[string]bool   // attribute ids
	ids      map[string]bool   // group ids
	goNames  map[string]string // Go identifier -> the name it was made from
	errs     []error
}

func (v *validator) require(ok bool, g Group, format string, args ...any) {
	if !ok {
		v.errs = append(v.errs, fmt.Errorf("group %q: %s", g.ID, fmt.Sprintf(format, args...)))
	}
}

// validate reports everything that is wrong, each fault with its group.
func (r *Registry) validate() error {
	v := &validator{declared: map[string]bool{}, ids: map[string]bool{}, goNames: map[string]string{}}
	for _, g := range r.Groups {
		v.require(g.ID != "", g, "id is missing")
		v.require(!v.ids[g.ID], g, "duplicate id")
		v.ids[g.ID] = true
		v.require(g.Brief != "", g, "brief is missing")
		if g.Type == AttributeGroup {
			v.declarations(g)
		}
	}
	for _, g := range r.Groups {
		switch g.Type {
		case AttributeGroup:
			continue
		case MetricGroup:
			v.metric(g)
		case SpanGroup:
			v.span(g)
		case EventGroup:
			v.event(g)
		default:
			v.require(false, g, "unknown type %q", g.Type)
		}
		v.require(g.Stability != "", g, "stability is missing")
		v.references(g)
	}
	return errors.Join(v.errs...)
}

func (v *validator) declarations(g Group) {
	for _, a := range g.Attributes {
		v.require(validName.MatchString(a.ID), g, "attribute %q: id is not a valid name", a.ID)
		v.require(!v.declared[a.ID], g, "attribute %q: duplicate id", a.ID)
		v.declared[a.ID] = true
		v.require(a.Brief != "", g, "attribute %q: brief is missing", a.ID)
		v.require(a.Stability != "", g, "attribute %q: stability is missing", a.ID)
		v.require(a.Ref == "", g, "attribute %q: ref has no place in an attribute group", a.ID)
		v.goName(g, KeyName(a.ID), a.ID)
		known := []string{"string", "int", "double", "boolean", "enum"}
		v.require(slices.Contains(known, a.Type.Name), g, "attribute %q: unknown type %q", a.ID, a.Type.Name)
		v.require(a.Type.Name != "enum" || len(a.Type.Members) > 0, g, "attribute %q: members are missing", a.ID)
		for _, m := range a.Type.Members {
			v.require(m.ID != "" && m.Value != "" && m.Stability != "", g, "attribute %q: a member wants id, value and stability", a.ID)
			v.require(m.Brief != "", g, "attribute %q: member %q: brief is missing", a.ID, m.ID)
			v.goName(g, ValueName(a.ID, m.ID), a.ID+"="+m.Value)
		}
	}
}

func (v *validator) references(g Group) {
	seen := map[string]bool{}
	for _, a := range g.Attributes {
		v.require(a.Ref != "", g, "attribute %q: must be a ref: declare it in an attribute group", a.ID)
		v.require(a.Ref == "" || v.declared[a.Ref], g, "unknown ref %q", a.Ref)
		v.require(!seen[a.Ref], g, "duplicate ref %q", a.Ref)
		seen[a.Ref] = true
		known := []string{"required", "recommended", "opt_in", ConditionallyRequired}
		v.require(slices.Contains(known, a.Level.Name), g, "ref %q: unknown requirement_level %q", a.Ref, a.Level.Name)
	}
}

func (v *validator) metric(g Group) {
	v.require(validName.MatchString(g.MetricName), g, "metric_name %q is not a valid name", g.MetricName)
	v.require(g.ID == "metric."+g.MetricName, g, "id must be %q", "metric."+g.MetricName)
	_, known := Instruments[g.Instrument]
	v.require(known, g, "unknown instrument %q", g.Instrument)
	_, known = unitSuffix(g.Unit)
	v.require(g.Unit != "", g, "unit is missing")
	v.require(g.Unit == "" || known, g, "unknown unit %q: want s, By, 1 or a {note}", g.Unit)
	extra := g.Annotations.Goflow
	if g.Instrument == "histogram" {
		_, known = Boundaries[extra.Boundaries]
		v.require(known, g, "unknown boundaries %q", extra.Boundaries)
		v.require(!extra.Observable, g, "a histogram cannot be observable")
	} else {
		v.require(extra.Boundaries == "", g, "boundaries are for histograms")
	}
	v.goName(g, GoName(g.MetricName), g.MetricName)
}

func (v *validator) span(g Group) {
	name, ok := strings.CutPrefix(g.ID, "span.")
	v.require(ok && validName.MatchString(name), g, "id must be span. and a valid name")
	v.require(g.SpanKind != "", g, "span_kind is missing")
	v.require(len(g.Annotations.Goflow.Verbs) > 0, g, "annotations.goflow.verbs are missing")
	v.goName(g, SpanName(g), name)
}

func (v *validator) event(g Group) {
	v.require(validName.MatchString(g.Name), g, "name %q is not a valid name", g.Name)
	v.require(g.ID == "event."+g.Name, g, "id must be %q", "event."+g.Name)
	v.goName(g, EventName(g), g.Name)
}

// goName notes an identifier of the generated code, which no other name may have.
func (v *validator) goName(g Group, ident, from string) {
	other, taken := v.goNames[ident]
	v.require(!taken || other == from, g, "%q and %q would both be flowconv.%s", other, from, ident)
	v.goNames[ident] = from
}
