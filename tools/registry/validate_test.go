package registry_test

import (
	"os"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/tools/registry"
)

func TestParseNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("../flowconvgen/testdata/registry.yaml")
	if err != nil {
		t.Fatal(err)
	}
	loaves := `group "metric.goflow.oven.loaves": `
	for _, c := range []struct{ name, old, new, want string }{
		{"text that is not YAML", "groups:", "groups: [", "yaml: "},
		{"a field no one knows", "brief: Loaves baked.", "briefs: Loaves baked.", "field briefs not found"},
		{"a reference to nothing", "{ref: goflow.oven.outcome, requirement_level: required}", "{ref: goflow.oven.heat, requirement_level: required}", loaves + `unknown ref "goflow.oven.heat"`},
		{"a reference twice", "{ref: goflow.oven.outcome, requirement_level: required}", "{ref: goflow.oven.name, requirement_level: required}", loaves + `duplicate ref "goflow.oven.name"`},
		{"a requirement level no one knows", "{ref: goflow.oven.lit, requirement_level: opt_in}", "{ref: goflow.oven.lit, requirement_level: never}", `unknown requirement_level "never"`},
		{"a condition of another kind", "conditionally_required: when", "perhaps: when", "wants the one key conditionally_required"},
		{"an attribute declared twice", "id: goflow.oven.lit,", "id: goflow.oven.name,", `attribute "goflow.oven.name": duplicate id`},
		{"an attribute without a brief", "brief: The oven's name.", "brief: ''", `attribute "goflow.oven.name": brief is missing`},
		{"an attribute of a type no one knows", "type: boolean", "type: bit", `attribute "goflow.oven.lit": unknown type "bit"`},
		{"a name with capitals", "id: goflow.oven.lit", "id: goflow.oven.Lit", `"goflow.oven.Lit": id is not a valid name`},
		{"a member without a brief", "brief: Done.", "brief: ''", `member "well_done": brief is missing`},
		{"a group twice", "id: metric.goflow.oven.baking.duration", "id: metric.goflow.oven.loaves", loaves + "duplicate id"},
		{"a metric without a brief", "brief: Loaves baked.", "brief: ''", loaves + "brief is missing"},
		{"a metric without a unit", `unit: "{loaf}"`, "unit: ''", loaves + "unit is missing"},
		{"a unit no one knows", `unit: "{loaf}"`, "unit: loaf", loaves + `unknown unit "loaf"`},
		{"an instrument no one knows", "instrument: counter", "instrument: drum", loaves + `unknown instrument "drum"`},
		{"a metric whose id is not its name", "metric_name: goflow.oven.loaves", "metric_name: goflow.oven.loafs", `id must be "metric.goflow.oven.loafs"`},
		{"a histogram without boundaries", "boundaries: seconds", "observable: false", `unknown boundaries ""`},
		{"an observable histogram", "boundaries: seconds", "boundaries: seconds, observable: true", "a histogram cannot be observable"},
		{"a counter with boundaries", "{observable: true}", "{boundaries: seconds}", loaves + "boundaries are for histograms"},
		{"a span without verbs", "{verbs: [bake]}", "{verbs: []}", `group "span.goflow.oven": annotations.goflow.verbs are missing`},
		{"an event whose id is not its name", "name: goflow.oven.fire", "name: goflow.oven.smoke", `id must be "event.goflow.oven.smoke"`},
		{"a group of a type no one knows", "type: event", "type: rumour", `unknown type "rumour"`},
		{"two names that would be one in Go", "goflow.oven.lit,", "goflow.oven_name,", "would both be flowconv.OvenNameKey"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(string(good), c.old, c.new, 1)
			if text == string(good) {
				t.Fatalf("the fixture has no %q", c.old)
			}
			_, err := registry.Parse([]byte(text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestParseReportsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := registry.Parse([]byte("groups: [{id: a, type: span, stability: development}, {id: b, type: event, brief: B.}]"))
	for _, want := range []string{`group "a": brief`, `group "a": span_kind`, `group "b": stability`, `group "b": name`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

func TestPrometheusNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, instrument, unit, want string }{
		{"goflow.a.tasks", "counter", "{task}", "goflow_a_tasks_total"},
		{"goflow.a.blocked.time", "counter", "s", "goflow_a_blocked_time_seconds_total"},
		{"goflow.a.wait.duration", "histogram", "s", "goflow_a_wait_duration_seconds"},
		{"goflow.a.size", "updowncounter", "By", "goflow_a_size_bytes"},
		{"goflow.a.utilization", "gauge", "1", "goflow_a_utilization_ratio"},
		{"goflow.a.share", "counter", "1", "goflow_a_share_total"},
	} {
		if got := registry.PrometheusName(registry.Group{MetricName: c.name, Instrument: c.instrument, Unit: c.unit}); got != c.want {
			t.Errorf("%s in %q is %s, want %s", c.name, c.unit, got, c.want)
		}
	}
}
