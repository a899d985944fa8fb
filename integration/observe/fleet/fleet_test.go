package fleet_test

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/integration/observe/fleet"
)

// TestARequestIsFoundEverywhere sends one request that fails at the upstream, and looks for its trace in all that
// observes the gateway.
func TestARequestIsFoundEverywhere(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			panic(http.ErrAbortHandler) // no answer: the gateway logs that
		}
	}))
	t.Cleanup(upstream.Close)
	cfg := config(t)
	cfg.Args = [2][]string{ // which refuse nothing because the machine is busy
		{"-max-sched-latency", "0", "-upstream", upstream.URL, "-load", "0"},
		{"-max-sched-latency", "0", "-load", "20"},
	}
	f, err := fleet.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	trace := fails(t, cfg.Addrs.Gateways[0].HTTP)

	eventually(t, func() error { return atCollector(t, f, trace) })
	prometheus := cfg.Addrs.Prometheus
	for _, histogram := range []string{"http_server_request_duration_seconds_bucket", "traces_span_metrics_duration_seconds_bucket"} {
		eventually(t, func() error { return hasExemplar(t, prometheus, histogram, trace) })
	}
	for _, expr := range append(sdkMetrics(t, cfg.Root),
		`traces_span_metrics_calls_total{job="gateway", span_kind="SPAN_KIND_SERVER", http_response_status_code="502"} > 0`,
		`count(up{job=~"gateway|spans|otelcol"} == 1) == 4`,
		`otelcol_exporter_sent_spans{job="otelcol"} > 0`,
	) {
		eventually(t, func() error { _, err := series(t, prometheus, expr); return err })
	}
	requireGuide(t, f, prometheus)
	requireRules(t, prometheus)

	f.Stop()
	if err := cfg.Addrs.Taken(); err != nil {
		t.Errorf("after Stop: %v", err)
	}
}

// fails makes a request that is answered with 502, and gives its trace.
func fails(t *testing.T, gateway string) (trace string) {
	t.Helper()
	id := make([]byte, 24)
	_, _ = rand.Read(id) // never fails
	trace = hex.EncodeToString(id[:16])
	header := http.Header{"Traceparent": {fmt.Sprintf("00-%s-%x-01", trace, id[16:])}}
	status, body, err := do(t, http.MethodGet, "http://"+gateway+"/gone", "", header)
	if err != nil || status != http.StatusBadGateway {
		t.Fatalf("got %d %q, %v, want 502", status, body, err)
	}
	return trace
}

// atCollector wants the span of the gateway's server, one of an engine, and the line that was logged.
func atCollector(t *testing.T, f *fleet.Fleet, trace string) error {
	t.Helper()
	spans, records := readOutput(t, f.Output("otelcol"), trace)
	server := func(s told) bool { return s.fields["Kind"] == "Server" }
	engine := func(s told) bool { return strings.HasPrefix(s.scope, "github.com/goflow-go/goflow/core/resilience") }
	logged := func(s told) bool { return s.fields["Body"] == "Str(upstream did not answer)" }
	if !slices.ContainsFunc(spans, server) || !slices.ContainsFunc(spans, engine) || !slices.ContainsFunc(records, logged) {
		return fmt.Errorf("trace %s has the spans %v, and the log records %v", trace, spans, records)
	}
	return nil
}

// sdkMetrics are those that alerts ask for of what OpenTelemetry's SDK says of itself. Without their condition: here
// nothing is lost.
func sdkMetrics(t *testing.T, root string) (exprs []string) {
	t.Helper()
	for _, name := range named(t, `\botel_sdk_\w+`, filepath.Join(root, "deploy/prometheus/rules/goflow.yml")) {
		exprs = append(exprs, name+`{job="gateway"} > 0`)
	}
	return exprs
}

// requireGuide wants each graph that the guide leads to to have data.
func requireGuide(t *testing.T, f *fleet.Fleet, prometheus string) {
	t.Helper()
	graphs := regexp.MustCompile(`g0[.]expr=(\S+)`).FindAllStringSubmatch(f.Guide(), -1)
	if len(graphs) == 0 {
		t.Errorf("the guide leads to no graph: %s", f.Guide())
	}
	for _, m := range graphs {
		expr, err := url.QueryUnescape(m[1])
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, func() error { _, err := series(t, prometheus, expr); return err })
	}
}

// requireRules wants the alerts loaded and evaluated.
func requireRules(t *testing.T, prometheus string) {
	t.Helper()
	eventually(t, func() error {
		var data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
		if err := ask(t, prometheus, "/api/v1/rules", nil, &data); err != nil {
			return err
		}
		if len(data.Groups) == 0 {
			return fmt.Errorf("no rules are loaded")
		}
		for _, g := range data.Groups {
			for _, r := range g.Rules {
				if r.Health != "ok" {
					return fmt.Errorf("alert %s is %s: %s", r.Name, r.Health, r.LastError)
				}
			}
		}
		return nil
	})
}
