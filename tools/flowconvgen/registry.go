package main

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// registry is the file, in the group format of OpenTelemetry Weaver.
type registry struct {
	Groups []group `yaml:"groups"`
}

// The types of groups.
const (
	attributeGroup = "attribute_group"
	metricGroup    = "metric"
	spanGroup      = "span"
	eventGroup     = "event"
)

// group declares attributes, or one metric, family of spans or event. Which fields it must have
// depends on its type; see validate.
type group struct {
	ID          string      `yaml:"id"`
	Type        string      `yaml:"type"`
	Brief       string      `yaml:"brief"`
	Stability   string      `yaml:"stability"`
	MetricName  string      `yaml:"metric_name"` // metrics
	Instrument  string      `yaml:"instrument"`  // metrics
	Unit        string      `yaml:"unit"`        // metrics
	SpanKind    string      `yaml:"span_kind"`   // spans
	Name        string      `yaml:"name"`        // events
	Attributes  []attribute `yaml:"attributes"`
	Annotations struct {
		Goflow struct {
			Observable bool     `yaml:"observable"` // metrics
			Boundaries string   `yaml:"boundaries"` // histograms: a key of boundaries
			Verbs      []string `yaml:"verbs"`      // spans
		} `yaml:"goflow"`
	} `yaml:"annotations"`
}

// attribute is a declaration, in an attribute group, or a reference to one, elsewhere.
type attribute struct {
	ID        string        `yaml:"id"`
	Type      attributeType `yaml:"type"`
	Brief     string        `yaml:"brief"`
	Stability string        `yaml:"stability"`
	Examples  []any         `yaml:"examples"`

	Ref   string `yaml:"ref"`
	Level level  `yaml:"requirement_level"`
}

// attributeType is a primitive's name, or "enum" and its members.
type attributeType struct {
	Name    string
	Members []member
}

type member struct {
	ID        string `yaml:"id"`
	Value     string `yaml:"value"`
	Brief     string `yaml:"brief"`
	Stability string `yaml:"stability"`
}

func (t *attributeType) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&t.Name)
	}
	t.Name = "enum"
	return node.Decode(&struct{ Members *[]member }{&t.Members})
}

// level says when an attribute is there: "required", "opt_in", or conditionally and when.
type level struct{ Name, When string }

const conditionallyRequired = "conditionally_required"

func (l *level) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&l.Name)
	}
	var when map[string]string
	if err := node.Decode(&when); err != nil {
		return err
	}
	text, ok := when[conditionallyRequired]
	if !ok || len(when) != 1 {
		return fmt.Errorf("line %d: requirement_level wants the one key %s", node.Line, conditionallyRequired)
	}
	l.Name, l.When = conditionallyRequired, text
	return nil
}

// parse reads a registry and checks all of it.
func parse(text []byte) (*registry, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	reg := new(registry)
	if err := dec.Decode(reg); err != nil {
		return nil, err
	}
	if err := reg.validate(); err != nil {
		return nil, err
	}
	return reg, nil
}

// ofType lists the groups of one type, in the registry's order.
func (r *registry) ofType(t string) []group {
	var groups []group
	for _, g := range r.Groups {
		if g.Type == t {
			groups = append(groups, g)
		}
	}
	return groups
}
