package opscheck_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestDashboardsNameWhatIsDeclared(t *testing.T) {
	t.Parallel()
	d := readDeclared(t)
	paths, err := filepath.Glob("../../deploy/grafana/dashboards/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	uids := map[string]bool{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var head struct{ UID, Title string }
		if err := json.Unmarshal(text, &head); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if uids[head.UID] || !strings.HasPrefix(head.UID, "goflow-") {
			t.Errorf("%s: the uid %q is not its own", path, head.UID)
		}
		uids[head.UID] = true
		for _, m := range regexp.MustCompile(`"expr": (".*")`).FindAllSubmatch(text, -1) {
			var expr string
			if err := json.Unmarshal(m[1], &expr); err != nil {
				t.Fatal(err)
			}
			d.require(t, path, expr)
		}
		if other := regexp.MustCompile(`"uid": "[^$g][^"]*"`).Find(text); other != nil {
			t.Errorf("%s has a data source of its own: %s", path, other)
		}
	}
}

// documents are the pages that people write: telemetry.md is made from the registry.
func documents(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	err := filepath.WalkDir("../../docs", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".md" || entry.Name() == "telemetry.md" {
			return err
		}
		text, err := os.ReadFile(path)
		pages[path] = string(text)
		return err
	})
	if err != nil || len(pages) == 0 {
		t.Fatalf("%d documents: %v", len(pages), err)
	}
	return pages
}

// In a document, code that has a metric of ours in it is PromQL, or the name alone.
func TestDocumentsNameWhatIsDeclared(t *testing.T) {
	t.Parallel()
	d := readDeclared(t)
	code := regexp.MustCompile("`([^`\n]*)`")
	prometheus := regexp.MustCompile(`\b(goflow|http_server|http_client|rpc_server|rpc_client|otel_sdk|otelcol)_[a-z_]+`)
	dotted := regexp.MustCompile(`\bgoflow\.[a-z][a-z_.]*[a-z]\b`)
	for path, text := range documents(t) {
		for _, m := range code.FindAllStringSubmatch(text, -1) {
			if prometheus.MatchString(m[1]) && strings.ContainsAny(m[1], "({[") {
				d.require(t, path, m[1])
			}
		}
		for _, name := range prometheus.FindAllString(text, -1) {
			if !d.hasSeries(name) {
				t.Errorf("%s: nothing is called %s", path, name)
			}
		}
		for _, name := range dotted.FindAllString(text, -1) {
			file := strings.HasSuffix(name, ".yml")
			if !file && !slices.ContainsFunc(d.names, func(n string) bool { return n == name || strings.HasPrefix(n, name+".") }) {
				t.Errorf("%s: nothing is called %s", path, name)
			}
		}
	}
}

// hasSeries says whether a metric or a label has the name. A histogram may be named without its suffix.
func (d declared) hasSeries(name string) bool {
	if _, ok := d.metrics[name]; ok || slices.ContainsFunc(d.names, func(n string) bool { return label(n) == name }) {
		return true
	}
	_, ok := d.metrics[name+"_bucket"]
	return ok
}
