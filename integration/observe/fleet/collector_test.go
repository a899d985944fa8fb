package fleet_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/integration/observe/fleet"
)

// failing is a Collector whose exporter fails: who it sends to never answers.
const failing = `
exporters:
  otlp_grpc/silent:
    endpoint: %s
    tls: {insecure: true}
    timeout: 100ms
    retry_on_failure: {enabled: false}
    sending_queue: {queue_size: 1, num_consumers: 1}
service:
  pipelines:
    traces: {processors: [], exporters: [otlp_grpc/silent, span_metrics]}
    logs: {processors: [], exporters: [otlp_grpc/silent]}
`

// TestACollectorHasTheMetricsThatAlertsAskFor makes one lose spans and log records in all ways.
func TestACollectorHasTheMetricsThatAlertsAskFor(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	cfg := config(t)
	further := filepath.Join(cfg.Dir, "failing.yaml")
	if err := os.WriteFile(further, fmt.Appendf(nil, failing, silent.Addr()), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := fleet.StartCollector(t.Context(), cfg, further)
	t.Cleanup(f.Stop)
	if err != nil {
		t.Fatal(err)
	}
	wanted := collectorMetrics(t, cfg.Root)
	eventually(t, func() error {
		for range 10 {
			export(t, cfg.Addrs.OTLP, "traces", `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"x"}]}]}]}`)
			export(t, cfg.Addrs.OTLP, "logs", `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}`)
		}
		_, text, err := do(t, http.MethodGet, "http://"+cfg.Addrs.Collector+"/metrics", "", nil)
		missing := slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return strings.Contains(text, "\n"+name+"{") })
		if len(missing) > 0 {
			err = errors.Join(err, fmt.Errorf("no metrics %q in %s", missing, text))
		}
		return err
	})
}

// export sends the Collector one span or log record. It may refuse it: its queue is short.
func export(t *testing.T, addr, signal, body string) {
	t.Helper()
	if _, _, err := do(t, http.MethodPost, "http://"+addr+"/v1/"+signal, body, http.Header{"Content-Type": {"application/json"}}); err != nil {
		t.Error(err)
	}
}

// collectorMetrics are the names in alerts and runbooks, and those that are declared for them.
func collectorMetrics(t *testing.T, root string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "docs/runbooks/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	return named(t, `\botelcol_\w+`, append(paths, filepath.Join(root, "deploy/prometheus/rules/goflow.yml"), filepath.Join(root, "deploy/foreign.yaml"))...)
}

// named are the names of a form in files, each once.
func named(t *testing.T, form string, paths ...string) (names []string) {
	t.Helper()
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, regexp.MustCompile(form).FindAllString(string(text), -1)...)
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		t.Fatalf("nothing like %s in %v", form, paths)
	}
	return names
}

func TestTheCollectorTakesItsConfigs(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	both := fleet.CollectorConfigs(cfg.Root)
	for _, configs := range [][]string{both[:2], both} {
		out, err := exec.CommandContext(t.Context(), filepath.Join(cfg.Bin, "otelcol"), append([]string{"validate"}, configs...)...).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", configs, err, out)
		}
	}
}
