package otelsdk

import (
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/contrib/propagators/autoprop"

	"github.com/goflow-go/goflow/core"
)

// A rule says what the value of some variables must be. OpenTelemetry's own parsers report a bad
// value to the error handler and go on with the default; here it is found before anything starts.
type rule struct {
	vars []string
	ok   func(value string) bool
	want string
}

var rules = []rule{
	{[]string{"OTEL_SDK_DISABLED"}, oneOf("true", "false"), "must be true or false"},
	{[]string{"OTEL_PROPAGATORS"}, knownPropagators, "must list tracecontext, baggage, b3, b3multi, jaeger, xray, ottrace, or be none"},
	{[]string{"OTEL_TRACES_SAMPLER"}, oneOf(samplers...), "must be one of " + strings.Join(samplers, ", ")},
	{[]string{"OTEL_METRICS_EXEMPLAR_FILTER"}, oneOf("always_on", "always_off", "trace_based"), "must be always_on, always_off or trace_based"},
	{otlp("PROTOCOL"), oneOf("grpc", "http/protobuf"), "must be grpc or http/protobuf"},
	{otlp("ENDPOINT"), isURL, "must be a URL with scheme and host: http://localhost:4318"},
	{otlp("INSECURE"), oneOf("true", "false"), "must be true or false"},
	{otlp("COMPRESSION"), oneOf("gzip", "none"), "must be gzip or none"},
	{otlp("TIMEOUT"), isCount, "must be a number of milliseconds"},
	{otlp("CERTIFICATE"), isFile, "must be a file that can be read"},
	{otlp("CLIENT_CERTIFICATE"), isFile, "must be a file that can be read"},
	{otlp("CLIENT_KEY"), isFile, "must be a file that can be read"},
	{[]string{
		"OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT",
		"OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BLRP_SCHEDULE_DELAY", "OTEL_BLRP_EXPORT_TIMEOUT",
	}, isCount, "must be a number of milliseconds"},
	{[]string{
		"OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
		"OTEL_BLRP_MAX_QUEUE_SIZE", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
	}, isCount, "must be a number"},
}

var samplers = []string{
	"always_on", "always_off", "traceidratio",
	"parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
}

// checkEnv notes every variable whose value means nothing. An empty value is an unset one.
func checkEnv(faults *core.Faults) {
	for _, r := range rules {
		for _, name := range r.vars {
			if v := env(name); v != "" {
				faults.Require(r.ok(v), name, v, r.want)
			}
		}
	}
	if strings.HasSuffix(strings.ToLower(env("OTEL_TRACES_SAMPLER")), "traceidratio") {
		if v := env("OTEL_TRACES_SAMPLER_ARG"); v != "" {
			ratio, err := strconv.ParseFloat(v, 64)
			faults.Require(err == nil && ratio >= 0 && ratio <= 1, "OTEL_TRACES_SAMPLER_ARG", v, "must be a number from 0 to 1")
		}
	}
}

func env(name string) string { return strings.TrimSpace(os.Getenv(name)) }

// otlp names a setting of the OTLP exporters: for all signals, and for each.
func otlp(setting string) []string {
	return []string{
		"OTEL_EXPORTER_OTLP_" + setting, "OTEL_EXPORTER_OTLP_TRACES_" + setting,
		"OTEL_EXPORTER_OTLP_METRICS_" + setting, "OTEL_EXPORTER_OTLP_LOGS_" + setting,
	}
}

// exports reports whether a signal ("TRACES") is to be exported: it names an exporter, or OTLP has
// somewhere to go.
func exports(signal string) bool {
	return env("OTEL_"+signal+"_EXPORTER") != "" ||
		env("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || env("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
}

func oneOf(values ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(values, strings.ToLower(v)) }
}

func knownPropagators(v string) bool {
	_, err := autoprop.TextMapPropagator(strings.Split(v, ",")...)
	return err == nil
}

func isURL(v string) bool {
	u, err := url.Parse(v)
	if err != nil {
		return false
	}
	return u.Scheme == "unix" || (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func isCount(v string) bool {
	n, err := strconv.Atoi(v)
	return err == nil && n >= 0
}

func isFile(v string) bool {
	f, err := os.Open(v)
	if err != nil {
		return false
	}
	return f.Close() == nil
}
