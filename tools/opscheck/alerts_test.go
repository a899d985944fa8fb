package opscheck_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// alert is a rule.
type alert struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func readAlerts(t *testing.T) []alert {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []alert `yaml:"rules"`
		} `yaml:"groups"`
	}
	readYAML(t, "../../deploy/prometheus/rules/goflow.yml", &file)
	var all []alert
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("there are no alerts")
	}
	return all
}

const runbooks = "https://github.com/goflow-go/goflow/blob/main/docs/runbooks/"

// slug is the name of an alert's runbook: GoflowBreakerOpen has breaker-open.md.
func (a alert) slug() string {
	words := regexp.MustCompile(`[A-Z][a-z]+`).FindAllString(strings.TrimPrefix(a.Alert, "Goflow"), -1)
	return strings.ToLower(strings.Join(words, "-"))
}

func TestAlertsNameWhatIsDeclared(t *testing.T) {
	t.Parallel()
	d := readDeclared(t)
	used := regexp.MustCompile(`\$labels\.(\w+)`)
	for _, a := range readAlerts(t) {
		d.require(t, a.Alert, a.Expr)
		if s := a.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s: severity is %q, want critical or warning", a.Alert, s)
		}
		if a.Annotations["summary"] == "" || a.Annotations["description"] == "" {
			t.Errorf("%s wants a summary and a description", a.Alert)
		}
		for _, m := range used.FindAllStringSubmatch(a.Annotations["summary"]+a.Annotations["description"], -1) {
			if !regexp.MustCompile(`\([^)]*\b` + m[1] + `\b[^)]*\)`).MatchString(a.Expr) {
				t.Errorf("%s tells of the label %s, which its series do not have", a.Alert, m[1])
			}
		}
	}
}

func TestEachAlertHasARunbookAndEachRunbookAnAlert(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range readAlerts(t) {
		page := "../../docs/runbooks/" + a.slug() + ".md"
		if got, want := a.Annotations["runbook_url"], runbooks+a.slug()+".md"; got != want {
			t.Errorf("%s: runbook_url is %s, want %s", a.Alert, got, want)
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Errorf("%s: %v", a.Alert, err)
			continue
		}
		for _, part := range []string{"# " + a.Alert + "\n", "\n## How bad\n", "\n## Look at\n", "\n## Do\n", "\n## Silence\n", "alertname=" + a.Alert + " "} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s has no %q", page, strings.TrimSpace(part))
			}
		}
		pages = slices.DeleteFunc(pages, func(p string) bool { return p == page })
	}
	if len(pages) > 0 {
		t.Errorf("no alert has the runbooks %q", pages)
	}
}

func TestEachAlertHasATestThatItFiresAndOneThatItDoesNot(t *testing.T) {
	t.Parallel()
	fires, quiet := map[string]bool{}, map[string]bool{}
	paths, err := filepath.Glob("../../deploy/prometheus/tests/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		var file struct {
			Tests []struct {
				Alerts []struct {
					Name string `yaml:"alertname"`
					Want []any  `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			} `yaml:"tests"`
		}
		readYAML(t, path, &file)
		for _, test := range file.Tests {
			for _, a := range test.Alerts {
				fires[a.Name], quiet[a.Name] = fires[a.Name] || len(a.Want) > 0, quiet[a.Name] || len(a.Want) == 0
			}
		}
	}
	for _, a := range readAlerts(t) {
		if !fires[a.Alert] || !quiet[a.Alert] {
			t.Errorf("%s: a test in which it fires: %v, and one in which it does not: %v", a.Alert, fires[a.Alert], quiet[a.Alert])
		}
	}
}
