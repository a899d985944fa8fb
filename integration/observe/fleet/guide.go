package fleet

import (
	"fmt"
	"net/url"
	"strings"
)

// The trace that the guide has its reader look for.
const (
	traceID     = "0af7651916cd43dd8448eb211c80319c"
	traceparent = "00-" + traceID + "-b7ad6b7169203331-01"
)

// Guide says what there is to see, and where.
func (f *Fleet) Guide() string {
	a, text := f.cfg.Addrs, strings.Builder{}
	say := func(what, format string, args ...any) {
		fmt.Fprintf(&text, "%-11s "+format+"\n", append([]any{what}, args...)...)
	}
	graph := func(expr string) string {
		return fmt.Sprintf("http://%s/graph?g0.tab=0&g0.show_exemplars=1&g0.range_input=5m&g0.expr=%s", a.Prometheus, url.QueryEscape(expr))
	}
	for i, g := range a.Gateways {
		say(fmt.Sprintf("gateway-%d", i+1), "http://%s/hello   console http://%s/debug/flow/", g.HTTP, g.Admin)
	}
	say("alerts", "http://%s/alerts", a.Prometheus)
	say("targets", "http://%s/targets", a.Prometheus)
	say("durations", "%s", graph("histogram_quantile(0.95, sum by (le, instance) (rate(http_server_request_duration_seconds_bucket[1m])))"))
	say("denied", "%s", graph(`sum by (instance, goflow_limiter_name) (rate(goflow_limiter_decisions_total{goflow_limiter_outcome="denied"}[1m]))`))
	say("spans", "%s", graph("sum by (span_name, status_code) (rate(traces_span_metrics_calls_total[1m]))"))
	say("OTLP", "http://%s, gRPC %s: send your own", a.OTLP, a.OTLPGRPC)
	say("spans, logs", "tail -F %s   grows by some MB a minute, to %d MiB, and begins anew", f.output("otelcol"), mostOutput>>20)
	say("one trace", "curl -H 'traceparent: %s' http://%s/hello", traceparent, a.Gateways[0].HTTP)
	say("", "grep -A4 'Trace ID.*%s' %s", traceID, f.output("otelcol"))
	text.WriteString("Ctrl-C stops all of it.\n")
	return text.String()
}
