package otelsdk_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

func TestSetupNamesEachWrongVariable(t *testing.T) {
	missing := t.TempDir() + "/none"
	for name, value := range map[string]string{
		"OTEL_TRACES_EXPORTER":                  "consol",
		"OTEL_METRICS_EXPORTER":                 "statsd",
		"OTEL_LOGS_EXPORTER":                    "syslog",
		"OTEL_SDK_DISABLED":                     "yes",
		"OTEL_PROPAGATORS":                      "tracecontext,pigeon",
		"OTEL_TRACES_SAMPLER":                   "sometimes",
		"OTEL_METRICS_EXEMPLAR_FILTER":          "maybe",
		"OTEL_EXPORTER_OTLP_PROTOCOL":           "http/json",
		"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL":      "carrier",
		"OTEL_EXPORTER_OTLP_ENDPOINT":           "localhost:4318",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT":    "://",
		"OTEL_EXPORTER_OTLP_INSECURE":           "maybe",
		"OTEL_EXPORTER_OTLP_COMPRESSION":        "zip",
		"OTEL_EXPORTER_OTLP_TIMEOUT":            "10s",
		"OTEL_EXPORTER_OTLP_CERTIFICATE":        missing,
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": missing,
		"OTEL_METRIC_EXPORT_INTERVAL":           "-1",
		"OTEL_BSP_MAX_QUEUE_SIZE":               "many",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			sdk, err := otelsdk.Setup(t.Context(), otelsdk.Config{})
			if sdk != nil || !errors.Is(err, core.ErrInvalid) || core.ErrorType(err) != core.TypeInvalid {
				t.Fatalf("Setup gives %v, %v; want an invalid value", sdk, err)
			}
			requireText(t, err.Error(), "otelsdk: ", name, "must ", `got "`+value[:2])
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error takes more than one line: %v", err)
			}
		})
	}
}

func TestSetupRefusesARatioThatIsNone(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
	for _, arg := range []string{"half", "-0.1", "1.1", "NaN"} {
		t.Setenv("OTEL_TRACES_SAMPLER_ARG", arg)
		if _, err := otelsdk.Setup(t.Context(), otelsdk.Config{}); err == nil {
			t.Errorf("OTEL_TRACES_SAMPLER_ARG=%s passes", arg)
		} else {
			requireText(t, err.Error(), `OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, got "`+arg+`"`)
		}
	}
	t.Setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
	setup(t, otelsdk.Config{})
}

func TestSetupReportsAllFaultsAtOnce(t *testing.T) {
	t.Setenv("OTEL_PROPAGATORS", "pigeon")
	cfg := otelsdk.Config{CardinalityLimit: -1, Attributes: map[string]string{"": "x"}}
	_, err := otelsdk.Setup(t.Context(), cfg)
	if err == nil {
		t.Fatal("no error")
	}
	requireText(t, err.Error(), "CardinalityLimit must not be negative, got -1", "Attributes must not have an empty key", "OTEL_PROPAGATORS")
	if err := cfg.Validate(); err == nil || strings.Contains(err.Error(), "OTEL_") {
		t.Errorf("Validate gives %v, want the config's faults alone", err)
	}
}

func TestSetupTakesEmptyVariablesForUnset(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", " ")
	t.Setenv("OTEL_TRACES_SAMPLER", "")
	setup(t, otelsdk.Config{})
}

func TestNoneExportsNothingWhateverTheEndpoint(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	for _, signal := range []string{"TRACES", "METRICS", "LOGS"} {
		t.Setenv("OTEL_"+signal+"_EXPORTER", "none")
	}
	sdk := setup(t, otelsdk.Config{})
	_, span := sdk.TracerProvider().Tracer("x").Start(t.Context(), "x")
	span.End() // a shutdown with an error would say that someone tried to send it
}

func TestDisabledSDKDoesNothingButPropagate(t *testing.T) {
	t.Setenv("OTEL_SDK_DISABLED", "TRUE")
	t.Setenv("OTEL_TRACES_EXPORTER", "console")
	spans := tracetest.NewSpanRecorder()
	sdk := setup(t, otelsdk.Config{}, otelsdk.WithSpanProcessor(spans))
	newEngine(sdk.Options()...)
	_, span := sdk.TracerProvider().Tracer("x").Start(t.Context(), "x")
	span.End()
	if span.IsRecording() || len(spans.Started()) > 0 {
		t.Error("a disabled SDK records spans")
	}
	if body := scrape(t, sdk, plainText); body != "" {
		t.Errorf("a disabled SDK has metrics:\n%s", body)
	}
	if got := sdk.Propagator().Fields(); len(got) != 3 {
		t.Errorf("propagates %v, want traceparent, tracestate and baggage", got)
	}
	if err := sdk.ForceFlush(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPropagatorsComeFromTheEnvironment(t *testing.T) {
	t.Setenv("OTEL_PROPAGATORS", "b3")
	sdk := setup(t, otelsdk.Config{})
	carrier := propagation.MapCarrier{}
	ctx, span := sdk.TracerProvider().Tracer("x").Start(t.Context(), "x")
	defer span.End()
	sdk.Propagator().Inject(ctx, carrier)
	if carrier["b3"] == "" || carrier["traceparent"] != "" {
		t.Errorf("injects %v, want b3 alone", carrier)
	}
}

func TestSamplerComesFromTheEnvironmentUnlessCodeSaysOtherwise(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	for want, opts := range map[bool][]otelsdk.Option{false: nil, true: {otelsdk.WithSampler(sdktrace.AlwaysSample()), nil}} {
		_, span := setup(t, otelsdk.Config{}, opts...).TracerProvider().Tracer("x").Start(t.Context(), "x")
		if span.SpanContext().IsSampled() != want {
			t.Errorf("sampled is %v, want %v", !want, want)
		}
		span.End()
	}
}

func TestARemoteParentDecidesByDefault(t *testing.T) {
	t.Parallel()
	sdk := setup(t, otelsdk.Config{})
	for _, flags := range []trace.TraceFlags{0, trace.FlagsSampled} {
		parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: flags, Remote: true})
		_, span := sdk.TracerProvider().Tracer("x").Start(trace.ContextWithRemoteSpanContext(t.Context(), parent), "x")
		if span.SpanContext().IsSampled() != parent.IsSampled() || span.SpanContext().TraceID() != parent.TraceID() {
			t.Errorf("flags %v: span %+v does not follow its remote parent", flags, span.SpanContext())
		}
		span.End()
	}
}

func TestOptionsReachTheProviders(t *testing.T) {
	t.Parallel()
	spans, reader, logs := tracetest.NewSpanRecorder(), sdkmetric.NewManualReader(), &logCounter{}
	renamed := sdkmetric.NewView(sdkmetric.Instrument{Name: "goflow.limiter.decisions"}, sdkmetric.Stream{Name: "decisions"})
	sdk := setup(t, otelsdk.Config{DisableRuntimeMetrics: true}, otelsdk.WithSpanProcessor(spans),
		otelsdk.WithReader(reader), otelsdk.WithView(renamed), otelsdk.WithLogProcessor(logs))
	e := newEngine(append(sdk.Options(), telemetry.WithSpans(telemetry.Always))...)
	_, span := e.scope.Start(t.Context(), "wait checkout")
	span.End(nil)
	e.scope.Event(t.Context(), 9, "goflow.limiter.quota_change", "changed")

	var rm metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &rm); err != nil {
		t.Fatal(err)
	}
	if len(spans.Ended()) != 1 || logs.n != 1 || len(rm.ScopeMetrics) != 1 || rm.ScopeMetrics[0].Metrics[0].Name != "decisions" {
		t.Errorf("%d spans, %d logs, metrics %v; want one of each, renamed", len(spans.Ended()), logs.n, rm.ScopeMetrics)
	}
	if err := sdk.ForceFlush(t.Context()); err != nil || logs.flushed != 1 {
		t.Errorf("flush gives %v and reached the log processor %d times", err, logs.flushed)
	}
}

// logCounter is a log processor.
type logCounter struct{ n, flushed int }

func (l *logCounter) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (l *logCounter) OnEmit(context.Context, *sdklog.Record) error           { l.n++; return nil }
func (l *logCounter) Shutdown(context.Context) error                         { return nil }
func (l *logCounter) ForceFlush(context.Context) error                       { l.flushed++; return nil }

const childEnv = "GOFLOW_OTELSDK_CHILD"

func TestEnginesMadeBeforeSetupReportAfterSetGlobal(t *testing.T) {
	if os.Getenv(childEnv) == "" {
		t.Parallel()
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), childEnv+"=1") // global providers are set once in a process
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: "+t.Name()) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	before := newEngine()
	sdk := setup(t, otelsdk.Config{})
	if _, isSDK := otel.GetMeterProvider().(*sdkmetric.MeterProvider); isSDK {
		t.Error("Setup changed the global provider")
	}
	sdk.SetGlobal()
	after := newEngine()
	before.count = 5 // counted from now on as well
	after.count = 10
	requireText(t, scrape(t, sdk, plainText), "} 15\n")

	ctx, root := otel.Tracer("x").Start(t.Context(), "root")
	_, span := before.scope.Start(ctx, "wait checkout")
	if !span.Recording() {
		t.Error("the earlier engine's tracer does not follow the global provider")
	}
	span.End(nil)
	root.End()
	if got := otel.GetTextMapPropagator().Fields(); len(got) != 3 {
		t.Errorf("the global propagator carries %v", got)
	}
}

func TestConsoleExporterPrintsSpansAtShutdown(t *testing.T) {
	if os.Getenv(childEnv) == "" {
		t.Parallel()
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), childEnv+"=1", "OTEL_TRACES_EXPORTER=console", "OTEL_LOGS_EXPORTER=console", "OTEL_METRICS_EXPORTER=console")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		requireText(t, string(out), `"Name":"wait checkout"`, `"goflow.limiter.decisions"`, "goflow.limiter.quota_change")
		return
	}
	for _, signal := range []string{"TRACES", "LOGS", "METRICS"} { // TestMain has unset them
		t.Setenv("OTEL_"+signal+"_EXPORTER", "console")
	}
	sdk := setup(t, otelsdk.Config{})
	e := newEngine(append(sdk.Options(), telemetry.WithSpans(telemetry.Always))...)
	_, span := e.scope.Start(t.Context(), "wait checkout")
	span.End(nil)
	e.scope.Event(t.Context(), 9, "goflow.limiter.quota_change", "changed")
}

func TestPrometheusServerOfAutoexportIsStopped(t *testing.T) {
	t.Setenv("OTEL_METRICS_EXPORTER", "prometheus")
	t.Setenv("OTEL_EXPORTER_PROMETHEUS_PORT", "0")
	setup(t, otelsdk.Config{}) // goleak sees what is left
}

var uuidV4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
