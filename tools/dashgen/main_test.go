package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	fixture = "../flowconvgen/testdata/registry.yaml"
	source  = "testdata/source"
	golden  = "testdata/golden"
)

// To renew the golden file after a change of the generator:
//
//	go run -C tools/dashgen . -registries ../flowconvgen/testdata/registry.yaml -source testdata/source -out testdata/golden
func TestGeneratedDashboardIsGolden(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := run([]string{"-registries", fixture, "-source", source, "-out", dir}, io.Discard); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, filepath.Join(dir, "bakery.json")), read(t, filepath.Join(golden, "bakery.json")); !bytes.Equal(got, want) {
		t.Errorf("generated is not golden:\n%s", got)
	}
}

func TestCheckFailsOnWhatIsStaleOrTooMany(t *testing.T) {
	t.Parallel()
	check := func(dir string) error {
		return run([]string{"-check", "-registries", fixture, "-source", source, "-out", dir}, io.Discard)
	}
	if err := check(golden); err != nil {
		t.Errorf("what is up to date: %v", err)
	}
	dir := t.TempDir()
	for _, name := range []string{"bakery.json", "closed.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := check(dir)
	for _, want := range []string{"bakery.json is not up to date", "closed.json has no description"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

func TestADescriptionIsToldWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := string(read(t, filepath.Join(source, "bakery.yaml")))
	for _, c := range []struct{ name, old, new, want string }{
		{"a field no one knows", "brief:", "briefs:", "field briefs not found"},
		{"no uid", "uid: bakery", "uid: ''", "title, uid and brief are wanted"},
		{"a row without panels", "  - title: Oven", "  - title: Shop\n  - title: Oven", `row "Shop" wants a title and panels`},
		{"a metric no one declares", "show: rate, of: goflow.oven.loaves", "show: rate, of: goflow.oven.rolls", `no registry declares the metric "goflow.oven.rolls"`},
		{"an attribute it does not have", "by: [goflow.oven.name, goflow.oven.outcome]", "by: [goflow.oven.heat]", "goflow.oven.loaves has no attribute goflow.oven.heat"},
		{"a value there is not", "goflow.oven.outcome: well_done", "goflow.oven.outcome: burnt_down", `goflow.oven.outcome is never "burnt_down"`},
		{"a view there is not", "show: top", "show: pie", `there is no view "pie"`},
		{"the rate of what has none", "show: quantiles", "show: level", "is a histogram, which has no level"},
		{"quantiles of a counter", "show: top", "show: quantiles", "is a counter, which has no quantiles"},
		{"a share of all", "where: {goflow.oven.outcome: well_done}, ", "", "a share needs a where"},
		{"a panel that is too wide", "width: 24", "width: 25", "width must be at most 24"},
		{"a limit of a rate", "show: rate,", "show: rate, limit: goflow.oven.loaves,", "a limit is for levels"},
		{"an annotation of no counter", "title: Baked, of: goflow.oven.loaves", "title: Baked, of: goflow.oven.baking.duration", "no registry declares the counter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatalf("the fixture has no %q", c.old)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "bad.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			err := run([]string{"-registries", fixture, "-source", dir, "-out", t.TempDir()}, io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "bad.yaml") {
				t.Errorf("got error %v, want one with bad.yaml and %q", err, c.want)
			}
		})
	}
}

// panelsOf are the panels of our dashboards.
func panelsOf(t *testing.T) map[string][]map[string]any {
	t.Helper()
	paths, err := filepath.Glob("../../deploy/grafana/dashboards/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	all := map[string][]map[string]any{}
	for _, path := range paths {
		var d struct{ Panels []map[string]any }
		if err := json.Unmarshal(read(t, path), &d); err != nil {
			t.Fatal(err)
		}
		all[path] = d.Panels
	}
	return all
}

func TestPanelsDoNotOverlapAndFitTheGrid(t *testing.T) {
	t.Parallel()
	for path, panels := range panelsOf(t) {
		taken := map[[2]int]any{}
		for _, p := range panels {
			pos, _ := p["gridPos"].(map[string]any)
			at := func(key string) int {
				f, _ := pos[key].(float64)
				return int(f)
			}
			for x := at("x"); x < at("x")+at("w"); x++ {
				for y := at("y"); y < at("y")+at("h"); y++ {
					if other, ok := taken[[2]int{x, y}]; ok || x >= columns {
						t.Fatalf("%s: %v is on %v, or off the grid", path, p["title"], other)
					}
					taken[[2]int{x, y}] = p["title"]
				}
			}
		}
	}
}

func TestEveryPanelSaysWhatItShows(t *testing.T) {
	t.Parallel()
	for path, panels := range panelsOf(t) {
		for _, p := range panels {
			if text, _ := p["description"].(string); p["type"] != "row" && (text == "" || p["title"] == "") {
				t.Errorf("%s: panel %v has no title or no description", path, p["title"])
			}
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
