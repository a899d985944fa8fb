package opscheck_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/tools/opscheck"
	"github.com/goflow-go/goflow/tools/registry"
)

// declared is what the registries declare, in the words of Prometheus.
type declared struct {
	metrics map[string][]string // with their labels
	values  map[string][]string // of labels that are enums
	names   []string            // as OpenTelemetry has them, of all kinds
}

func readDeclared(t *testing.T) declared {
	t.Helper()
	d := declared{map[string][]string{}, map[string][]string{}, nil}
	for _, path := range []string{"../../telemetry/registry.yaml", "../../deploy/foreign.yaml"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		reg, err := registry.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, g := range reg.Groups {
			d.add(g)
		}
	}
	return d
}

func (d *declared) add(g registry.Group) {
	d.names = append(d.names, g.MetricName, g.Name, registry.SpanID(g))
	var refs []string
	for _, a := range g.Attributes {
		d.names = append(d.names, a.ID)
		refs = append(refs, label(a.Ref))
		for _, m := range a.Type.Members {
			d.values[label(a.ID)] = append(d.values[label(a.ID)], m.Value)
		}
	}
	if g.Type != registry.MetricGroup {
		return
	}
	name := registry.PrometheusName(g)
	refs = append(refs, "job", "instance")
	if g.Instrument != "histogram" {
		d.metrics[name] = refs
		return
	}
	for _, suffix := range []string{"_count", "_sum", "_bucket"} {
		d.metrics[name+suffix] = append(slices.Clip(refs), "le")
	}
}

func label(attribute string) string { return strings.ReplaceAll(attribute, ".", "_") }

// faults are the names in an expression that are not declared.
func (d declared) faults(expr string) []string {
	var faults, known []string
	say := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	terms := opscheck.Read(expr)
	for _, m := range terms.Metrics {
		refs, ok := d.metrics[m]
		if !ok {
			say("no metric is called %s", m)
		}
		known = append(known, refs...)
	}
	if len(terms.Metrics) == 0 {
		say("there is no metric in it")
	}
	for _, l := range terms.Labels {
		if !slices.Contains(known, l) {
			say("%q have no label %s", terms.Metrics, l)
		}
	}
	for _, m := range terms.Matchers {
		if !slices.Contains(known, m.Label) {
			say("%q have no label %s", terms.Metrics, m.Label)
		}
		for v := range strings.SplitSeq(m.Value, "|") {
			if values := d.values[m.Label]; len(values) > 0 && v != "" && !slices.Contains(values, v) {
				say("%s is never %q", m.Label, v)
			}
		}
	}
	return faults
}

func (d declared) require(t *testing.T, where, expr string) {
	t.Helper()
	for _, fault := range d.faults(expr) {
		t.Errorf("%s: %s, in\n\t%s", where, fault, expr)
	}
}

func TestUndeclaredNamesAreFound(t *testing.T) {
	t.Parallel()
	d := readDeclared(t)
	for expr, want := range map[string]string{
		`rate(goflow_job_runs_total{goflow_job_outcome="missed"}[5m])`: `[]`,
		`rate(goflow_job_runs{job="a"}[5m])`:                           `[no metric is called goflow_job_runs]`,
		`sum by (goflow_pool_name) (goflow_lease_active)`:              `[["goflow_lease_active"] have no label goflow_pool_name]`,
		`goflow_job_runs_total{goflow_job_outcome=~"failure|failed"}`:  `[goflow_job_outcome is never "failed"]`,
		`goflow_job_runs_total{outcome="missed"}`:                      `[["goflow_job_runs_total"] have no label outcome]`,
	} {
		got := fmt.Sprint(d.faults(expr))
		if strings.HasPrefix(got, "[no metric") {
			got = got[:strings.Index(got, "goflow_job_runs")+len("goflow_job_runs")] + "]"
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", expr, got, want)
		}
	}
}
