// Package registry reads telemetry/registry.yaml, the single source of every name goflow emits, and knows what
// these names are in Go and in Prometheus. It reads strictly: an unknown field, an unknown reference, a duplicate or a
// missing brief is an error that names its group.
package registry

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Registry is the file, in the group format of OpenTelemetry Weaver.
type Registry struct {
	Groups []Group `yaml:"groups"`
}

// The types of groups.
const (
	AttributeGroup = "attribute_group"
	MetricGroup    = "metric"
	SpanGroup      = "span"
	EventGroup     = "event"
)

// Group declares attributes, or one metric, family of spans or event. Which fields it must have
// depends on its type; Parse checks it.
type Group struct {
	ID          string      `yaml:"id"`
	Type        string      `yaml:"type"`
	Brief       string      `yaml:"brief"`
	Stability   string      `yaml:"stability"`
	MetricName  string      `yaml:"metric_name"` // metrics
	Instrument  string      `yaml:"instrument"`  // metrics
	Unit        string      `yaml:"unit"`        // metrics
	SpanKind    string      `yaml:"span_kind"`   // spans
	Name        string      `yaml:"name"`        // events
	Attributes  []Attribute `yaml:"attributes"`
	Annotations struct {
		Goflow struct {
			Observable bool     `yaml:"observable"` // metrics
			Boundaries string   `yaml:"boundaries"` // histograms: a key of boundaries
			Verbs      []string `yaml:"verbs"`      // spans
		} `yaml:"goflow"`
	} `yaml:"annotations"`
}

// Attribute is a declaration, in an attribute group, or a reference to one, elsewhere.
type Attribute struct {
	ID        string        `yaml:"id"`
	Type      AttributeType `yaml:"type"`
	Brief     string        `yaml:"brief"`
	Stability string        `yaml:"stability"`
	Examples  []any         `yaml:"examples"`

	Ref   string `yaml:"ref"`
	Level Level  `yaml:"requirement_level"`
}

// AttributeType is a primitive's name, or "enum" and its members.
type AttributeType struct {
	Name    string
	Members []Member
}

// Member is a value of an enum.
type Member struct {
	ID        string `yaml:"id"`
	Value     string `yaml:"value"`
	Brief     string `yaml:"brief"`
	Stability string `yaml:"stability"`
}

// UnmarshalYAML reads a name, or the members of an enum.
func (t *AttributeType) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&t.Name)
	}
	t.Name = "enum"
	return node.Decode(&struct{ Members *[]Member }{&t.Members})
}

// Level says when an attribute is there: "required", "opt_in", or conditionally and when.
type Level struct{ Name, When string }

// ConditionallyRequired is the level of an attribute that is there when something is so.
const ConditionallyRequired = "conditionally_required"

// UnmarshalYAML reads a word, or the one key conditionally_required.
func (l *Level) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&l.Name)
	}
	var when map[string]string
	if err := node.Decode(&when); err != nil {
		return err
	}
	text, ok := when[ConditionallyRequired]
	if !ok || len(when) != 1 {
		return fmt.Errorf("line %d: requirement_level wants the one key %s", node.Line, ConditionallyRequired)
	}
	l.Name, l.When = ConditionallyRequired, text
	return nil
}

// Parse reads a registry and checks all of it.
func Parse(text []byte) (*Registry, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	reg := new(Registry)
	if err := dec.Decode(reg); err != nil {
		return nil, err
	}
	if err := reg.validate(); err != nil {
		return nil, err
	}
	return reg, nil
}

// OfType lists the groups of one type, in the registry's order.
func (r *Registry) OfType(t string) []Group {
	var groups []Group
	for _, g := range r.Groups {
		if g.Type == t {
			groups = append(groups, g)
		}
	}
	return groups
}
