package ops

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestAlertsFireAndStayQuiet runs promtool's tests of every alert.
func TestAlertsFireAndStayQuiet(t *testing.T) {
	t.Parallel()
	tests, err := filepath.Glob("../../deploy/prometheus/tests/*.yml")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no tests of alerts: %v", err)
	}
	for _, args := range [][]string{
		{"check", "rules", "../../deploy/prometheus/rules/goflow.yml"},
		append([]string{"test", "rules"}, tests...),
	} {
		out, err := exec.CommandContext(t.Context(), program(t, "promtool"), args...).CombinedOutput()
		if err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
