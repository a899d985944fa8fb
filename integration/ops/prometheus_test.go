package ops

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/internal/loopback"
)

// prometheus is a server that runs.
type prometheus struct {
	t    *testing.T
	addr string
}

// startPrometheus scrapes the targets each second: their job, and their address. It loads our rules.
func startPrometheus(t *testing.T, targets map[string]string) *prometheus {
	t.Helper()
	rules, err := filepath.Abs("../../deploy/prometheus/rules/goflow.yml")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n", rules)
	for _, job := range slices.Sorted(maps.Keys(targets)) {
		fmt.Fprintf(&text, "  - {job_name: %s, static_configs: [{targets: [%q]}]}\n", job, targets[job])
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &prometheus{t, loopback.Addr(t)}
	start(t, "http://"+p.addr+"/-/ready", program(t, "prometheus"), nil, "--config.file="+config, "--storage.tsdb.path="+dir,
		"--web.listen-address="+p.addr, "--enable-feature=exemplar-storage")
	return p
}

// get decodes the data of an answer.
func (p *prometheus) get(path string, into any) error {
	p.t.Helper()
	body, err := fetch(p.t, "http://"+p.addr+path)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, &struct{ Data any }{into})
}

// sample is a series and its value now.
type sample struct {
	Metric map[string]string
	Value  [2]any
}

// query gives the series of an expression that are numbers.
func (p *prometheus) query(expr string) ([]sample, error) {
	p.t.Helper()
	var data struct{ Result []sample }
	err := p.get("/api/v1/query?query="+url.QueryEscape(expr), &data)
	return slices.DeleteFunc(data.Result, func(s sample) bool {
		text, _ := s.Value[1].(string)
		f, err := strconv.ParseFloat(text, 64)
		return err != nil || math.IsNaN(f)
	}), err
}

var grouping = regexp.MustCompile(`by \(([^)]*)\)`)

// fault says what is wrong with an expression: it cannot be read, it has no data, or a label that its series are
// told apart by is in none of them.
func (p *prometheus) fault(expr string) string {
	p.t.Helper()
	series, err := p.query(expr)
	if err != nil {
		return err.Error()
	}
	if len(series) == 0 {
		return "no data"
	}
	m := grouping.FindStringSubmatch(expr)
	if m == nil {
		return ""
	}
	for label := range strings.SplitSeq(m[1], ", ") {
		if label != "le" && !slices.ContainsFunc(series, func(s sample) bool { return s.Metric[label] != "" }) {
			return "no label " + label
		}
	}
	return ""
}

// alerts are the expressions of the loaded rules.
func (p *prometheus) alerts() (map[string]string, error) {
	p.t.Helper()
	var data struct {
		Groups []struct {
			Rules []struct{ Name, Query, Health, LastError string }
		}
	}
	if err := p.get("/api/v1/rules", &data); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, g := range data.Groups {
		for _, r := range g.Rules {
			if r.Health != "ok" {
				return nil, fmt.Errorf("alert %s is %s: %s", r.Name, r.Health, r.LastError)
			}
			all[r.Name] = r.Query
		}
	}
	return all, nil
}
