package ops

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/internal/redistest"
)

// expression is one of a dashboard.
type expression struct{ where, text, fault string }

// expressions are those of all dashboards, with their variables replaced. Annotations, which show only what has
// just happened, are asked without their condition.
func expressions(t *testing.T) []expression {
	t.Helper()
	paths, err := filepath.Glob("../../deploy/grafana/dashboards/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	variables := strings.NewReplacer("$__rate_interval", "15s", "$job", ".*", "$instance", ".*")
	var all []expression
	for _, path := range paths {
		var d struct {
			Annotations struct{ List []struct{ Name, Expr string } }
			Panels      []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		text, err := os.ReadFile(path)
		if err := errors.Join(err, json.Unmarshal(text, &d)); err != nil {
			t.Fatal(err)
		}
		for _, a := range d.Annotations.List {
			all = append(all, expression{filepath.Base(path) + ", annotation " + a.Name, variables.Replace(strings.TrimSuffix(a.Expr, " > 0")), ""})
		}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				all = append(all, expression{filepath.Base(path) + ", panel " + p.Title, variables.Replace(target.Expr), ""})
			}
		}
	}
	return all
}

// TestEveryExpressionHasData asks for all that dashboards and alerts ask for, in a Prometheus that scrapes a gateway
// alone, one with Redis, and one of each engine that gateways do not have.
func TestEveryExpressionHasData(t *testing.T) {
	binary := buildGateway(t)
	redis := redistest.Single(t)
	targets := map[string]string{
		"alone":   startGateway(t, binary),
		"shared":  startGateway(t, binary, "REDIS_ADDRS="+redis.Addr(), "REDIS_PREFIX="+redistest.Prefix(t)),
		"engines": startEngines(t, redis.Addr()),
	}
	p := startPrometheus(t, targets)
	left := expressions(t)
	t.Logf("%d expressions", len(left))
	eventually(t, func() error {
		var missing []expression
		for _, e := range left {
			if e.fault = p.fault(e.text); e.fault != "" {
				missing = append(missing, e)
			}
		}
		left = missing
		if len(left) > 0 {
			return fmt.Errorf("%d expressions without data", len(left))
		}
		return nil
	}, func() string { return fmt.Sprintf("%q", left) })
	requireAlerts(t, p)
	requireRunbooks(t, p)
	requireExemplars(t, p)
	for _, addr := range targets {
		requireNames(t, addr)
	}
}

// requireAlerts wants the rules loaded and evaluated, and of each metric that they ask for a series with the labels
// that the alert is told apart by. Some metrics are of what goes wrong only: promtool's tests have those.
func requireAlerts(t *testing.T, p *prometheus) {
	t.Helper()
	var alerts map[string]string
	eventually(t, func() (err error) {
		alerts, err = p.alerts()
		return err
	}, func() string { return "" })
	if len(alerts) == 0 {
		t.Fatal("no alerts are loaded")
	}
	eventually(t, func() error { // a scrape that was late leaves a gap
		for name, expr := range alerts {
			for _, metric := range series.FindAllString(expr, -1) {
				if onlyWhenItFails.MatchString(metric) {
					continue
				}
				if fault := p.fault("count " + grouping.FindString(expr) + "(" + metric + ")"); fault != "" {
					return fmt.Errorf("alert %s: %s: %s", name, metric, fault)
				}
			}
		}
		return nil
	}, func() string { return "" })
}

var (
	series          = regexp.MustCompile(`\b(?:goflow|http|otel_sdk)_\w+\{[^}]*\}|\b(?:goflow|http)_\w+(?:_total|_count|_bucket|_active|_paused|_size|_bytes)\b`)
	onlyWhenItFails = regexp.MustCompile(`goflow_spill_sync_duration_seconds_count\{error_type!=""\}|otel_sdk_(processor|exporter_log)`)
)

// requireRunbooks wants the expressions in documents to be such that Prometheus can read them.
func requireRunbooks(t *testing.T, p *prometheus) {
	t.Helper()
	paths, err := filepath.Glob("../../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("`([^`\n]*\\b(?:goflow|http|go|otel_sdk|otelcol)_\\w+[^`\n]*)`")
	found := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range code.FindAllStringSubmatch(string(text), -1) {
			found++
			if _, err := p.query(m[1]); err != nil {
				t.Errorf("%s: %s: %v", path, m[1], err)
			}
		}
	}
	if found == 0 {
		t.Errorf("%d documents have no expression", len(paths))
	}
}

// requireExemplars wants the traces of requests beside their durations.
func requireExemplars(t *testing.T, p *prometheus) {
	t.Helper()
	var data []struct {
		Exemplars []struct{ Labels map[string]string }
	}
	if err := p.get("/api/v1/query_exemplars?query=http_server_request_duration_seconds_bucket&start=0&end=99999999999", &data); err != nil {
		t.Fatal(err)
	}
	for _, series := range data {
		for _, e := range series.Exemplars {
			if len(e.Labels["trace_id"]) == 32 {
				return
			}
		}
	}
	t.Errorf("no exemplar has a trace_id: %v", data)
}

// requireNames wants what a process exposes to be what docs/telemetry.md, made from the registry, says it is called.
func requireNames(t *testing.T, addr string) {
	t.Helper()
	declared := map[string]bool{}
	catalogue, err := os.ReadFile("../../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `goflow[.][^`]*` \\| `([^`]*)` \\| (\\w+) ").FindAllStringSubmatch(string(catalogue), -1) {
		declared[m[1]+" "+prometheusType[m[2]]] = true
	}
	metrics, err := fetch(t, "http://"+addr+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	exposed := regexp.MustCompile(`(?m)^# TYPE (goflow_\S*) (\w+)$`).FindAllStringSubmatch(string(metrics), -1)
	if len(exposed) == 0 || len(declared) == 0 {
		t.Fatalf("%d metrics of %s, %d in the catalogue", len(exposed), addr, len(declared))
	}
	for _, m := range exposed {
		if !declared[m[1]+" "+m[2]] {
			t.Errorf("%s exposes the %s %s, which docs/telemetry.md does not have", addr, m[2], m[1])
		}
	}
}

var prometheusType = map[string]string{"counter": "counter", "updowncounter": "gauge", "gauge": "gauge", "histogram": "histogram"}
