package fleet_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/integration/observe/fleet"
)

func TestPrometheusTakesItsConfig(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "prometheus.yml")
	targets := map[string][]string{"gateway": {"127.0.0.1:1", "127.0.0.1:2"}, "spans": {"127.0.0.1:3"}, "otelcol": {"127.0.0.1:4"}}
	if err := fleet.PrometheusConfig(root, other, targets); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", "config", "--syntax-only", filepath.Join(root, "deploy/prometheus/prometheus.yml")}, // its rules are elsewhere
		{"check", "config", other},
	} {
		out, err := exec.CommandContext(t.Context(), cmp.Or(os.Getenv("PROMTOOL"), "promtool"), args...).CombinedOutput()
		if err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
	text, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"honor_labels: true", "127.0.0.1:2", filepath.Join(root, "deploy/prometheus/rules")} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
}

func TestAJobWithoutTargetsIsAnError(t *testing.T) {
	t.Parallel()
	err := fleet.PrometheusConfig("../../..", filepath.Join(t.TempDir(), "prometheus.yml"), nil)
	if err == nil || !strings.Contains(err.Error(), `"gateway"`) {
		t.Errorf("got %v, want the job to be named", err)
	}
}
