package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goflow-go/goflow/tools/registry"
)

// names are what the registries declare.
type names struct {
	metrics    map[string]registry.Group
	attributes map[string]registry.Attribute
}

func readNames(paths []string) (*names, error) {
	n := &names{map[string]registry.Group{}, map[string]registry.Attribute{}}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		reg, err := registry.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s:\n%w", path, err)
		}
		for _, g := range reg.OfType(registry.MetricGroup) {
			n.metrics[g.MetricName] = g
		}
		for _, g := range reg.OfType(registry.AttributeGroup) {
			for _, a := range g.Attributes {
				n.attributes[a.ID] = a
			}
		}
	}
	return n, nil
}

// label is an attribute's name in Prometheus.
func label(attribute string) string { return strings.ReplaceAll(attribute, ".", "_") }

// labels gives the labels for attributes of a metric.
func (n *names) labels(g registry.Group, attributes []string) ([]string, error) {
	var list []string
	for _, a := range attributes {
		if !slices.ContainsFunc(g.Attributes, func(ref registry.Attribute) bool { return ref.Ref == a }) {
			return nil, fmt.Errorf("%s has no attribute %s", g.MetricName, a)
		}
		list = append(list, label(a))
	}
	return list, nil
}

// selector is what picks series of a metric: those of the variables, and those of where.
func (n *names) selector(g registry.Group, where map[string]string) (string, error) {
	terms := []string{`job=~"$job"`, `instance=~"$instance"`}
	for _, a := range slices.Sorted(maps.Keys(where)) {
		if _, err := n.labels(g, []string{a}); err != nil {
			return "", err
		}
		op, value := operator(where[a])
		if err := n.known(a, op, value); err != nil {
			return "", err
		}
		terms = append(terms, fmt.Sprintf("%s%s%q", label(a), op, value))
	}
	return "{" + strings.Join(terms, ",") + "}", nil
}

// operator splits a condition: !a is not a, ~a.* matches it.
func operator(condition string) (op, value string) {
	if value, ok := strings.CutPrefix(condition, "!"); ok {
		return "!=", value
	}
	if value, ok := strings.CutPrefix(condition, "~"); ok {
		return "=~", value
	}
	return "=", condition
}

// known fails when an enum has no such member. A regular expression of an enum is a list of members.
func (n *names) known(attribute, op, value string) error {
	members := n.attributes[attribute].Type.Members
	if len(members) == 0 || value == "" {
		return nil
	}
	values := []string{value}
	if op == "=~" {
		values = strings.Split(value, "|")
	}
	for _, v := range values {
		if !slices.ContainsFunc(members, func(m registry.Member) bool { return m.Value == v }) {
			return fmt.Errorf("%s is never %q", attribute, v)
		}
	}
	return nil
}
