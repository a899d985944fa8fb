package goflow_test

import (
	"strings"
	"testing"
)

func TestWrongEdgesAreFound(t *testing.T) {
	t.Parallel()
	const sdk = "go.opentelemetry.io/otel/sdk/trace"
	for _, c := range []struct{ name, from, to, want string }{
		{"core imports a library", "./core", "go.uber.org/multierr", "standard library only"},
		{"core imports telemetry", "./core", "./telemetry", "standard library only"},
		{"health imports the OpenTelemetry API", "./core/health", "go.opentelemetry.io/otel/trace", "standard library only"},
		{"a ready-made check imports telemetry", "./core/health/checks", "./telemetry", "standard library only"},
		{"health imports its telemetry", "./core/health", "./core/health/watch", "standard library only"},
		{"health's telemetry imports an engine", "./core/health/watch", "./core/resilience", "never import each other"},
		{"an engine imports ready-made checks", "./limit", "./core/health/checks", "never import each other"},
		{"internal imports core", "./internal/clock", "./core", "below everything"},
		{"telemetry imports the SDK", "./telemetry", sdk, "never the SDK"},
		{"telemetry imports an engine", "./telemetry", "./limit", "never the SDK"},
		{"flowconv imports an exporter", "./telemetry/flowconv", "go.opentelemetry.io/otel/exporters/prometheus", "never the SDK"},
		{"the SDK's set-up imports an engine", "./telemetry/otelsdk", "./limit", "knows no engine"},
		{"an engine imports another", "./limit", "./core/resilience", "never import each other"},
		{"a package below an engine imports another", "./streams/spill", "./sched", "never import each other"},
		{"an engine imports the SDK", "./sched", sdk, "through package telemetry"},
		{"an engine makes its own instruments", "./limit", "go.opentelemetry.io/otel/metric", "through package telemetry"},
		{"an engine imports an adapter", "./limit", "./contrib/flowredis", "never import each other"},
		{"an adapter imports another", "./contrib/flowgrpc", "./contrib/flowhttp", "not another adapter"},
		{"an adapter imports fx", "./contrib/flowhttp", "go.uber.org/fx", "not fx"},
		{"an adapter imports the SDK", "./contrib/flowhttp", sdk, "not the SDK"},
		{"an adapter imports another's library", "./contrib/flowhttp", "github.com/redis/go-redis/v9", "the library it adapts"},
		{"fxmodule imports the SDK", "./fxmodule/limitfx", sdk, "by telemetry/otelsdk"},
		{"a thin module imports Redis's client", "./fxmodule/limitfx", "github.com/redis/go-redis/v9", "fxmodule wires"},
		{"a thin module imports gRPC", "./fxmodule/httpfx", "google.golang.org/grpc", "fxmodule wires"},
		{"grpcfx imports the SDK", "./fxmodule/grpcfx", sdk, "grpcfx takes"},
		{"redisfx imports the SDK", "./fxmodule/redisfx", sdk, "redisfx provides"},
		{"a library imports an example", "./fxmodule", "./examples/gateway", "fxmodule wires"},
		{"the root imports something", ".", "./core", "documentation"},
		{"a package no one planned", "./kitchen", "fmt", "give it a room"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			faults := wrongEdges([]edge{{c.from, c.to}})
			if len(faults) != 1 || !strings.Contains(faults[0], c.from) || !strings.Contains(faults[0], c.want) {
				t.Errorf("got %q, want one fault that names %s and says %q", faults, c.from, c.want)
			}
		})
	}
}

func TestRightEdgesAreLetBe(t *testing.T) {
	t.Parallel()
	for _, e := range []edge{
		{"./core", "context"},
		{"./core", "./internal/label"},
		{"./core/health", "./core"},
		{"./core/health/checks", "./internal/saturation"},
		{"./core/health/watch", "./telemetry"},
		{"./sched", "./core/health"},
		{"./fxmodule/healthfx", "./core/health/watch"},
		{"./telemetry", "go.opentelemetry.io/otel/trace/noop"},
		{"./telemetry", "./telemetry/flowconv"},
		{"./telemetry/otelsdk", "go.opentelemetry.io/otel/sdk/metric"},
		{"./telemetry/telemetrytest", "go.opentelemetry.io/otel/sdk/trace/tracetest"},
		{"./limit/limittest", "./limit"},
		{"./limit", "go.opentelemetry.io/otel/attribute"},
		{"./streams", "./streams/spill"},
		{"./contrib/flowhttp", "./limit"},
		{"./contrib/flowadmin", "github.com/prometheus/client_golang/prometheus/promhttp"},
		{"./contrib/flowadmin", "go.opentelemetry.io/otel/sdk/trace"},
		{"./fxmodule/telemetryfx", "./telemetry/otelsdk"},
		{"./fxmodule/telemetryfx", "go.opentelemetry.io/otel/sdk/trace"},
		{"./fxmodule", "go.uber.org/fx/fxevent"},
		{"./fxmodule/grpcfx", "google.golang.org/grpc/credentials"},
		{"./fxmodule/grpcfx", "./contrib/flowgrpc"},
		{"./fxmodule/redisfx", "github.com/redis/go-redis/v9"},
		{"./fxmodule/redisfx", "github.com/redis/go-redis/extra/redisotel/v9"},
		{"./fxmodule/redisfx", "go.opentelemetry.io/otel/trace/noop"},
		{"./examples/gateway", "github.com/redis/go-redis/v9"},
	} {
		if faults := wrongEdges([]edge{e}); len(faults) > 0 {
			t.Error(faults)
		}
	}
}

func TestExamplesAreNotImportedByTests(t *testing.T) {
	t.Parallel()
	if faults := wrongTestEdges([]edge{{"./fxmodule", "./examples/gateway/proxy"}}); len(faults) != 1 {
		t.Errorf("got %q, want one fault", faults)
	}
	allowed := []edge{{"./integration", "./examples/gateway/proxy"}, {"./examples/gateway", "./examples/gateway/proxy"}, {"./limit", "./sched"}}
	if faults := wrongTestEdges(allowed); len(faults) != 0 {
		t.Errorf("got %q, want none", faults)
	}
}

func TestUmbrellaLinksNeitherGRPCNorRedis(t *testing.T) {
	t.Parallel()
	base := []edge{{"./fxmodule", "./fxmodule/limitfx"}, {"./fxmodule/limitfx", "./limit"}, {"./limit", "./core"}, {"./core", "./limit"}}
	for _, c := range []struct {
		name  string
		extra edge
		want  string
	}{
		{"through a thin module", edge{"./fxmodule/limitfx", "./contrib/flowredis"}, "links ./contrib/flowredis through ./fxmodule/limitfx"},
		{"itself", edge{"./fxmodule", "google.golang.org/grpc/health"}, "links google.golang.org/grpc/health through ./fxmodule"},
		{"through a floor far below", edge{"./core", "github.com/redis/go-redis/v9"}, "through ./core"},
	} {
		faults := umbrellaLinks(append([]edge{c.extra}, base...))
		if len(faults) != 1 || !strings.Contains(faults[0], c.want) {
			t.Errorf("%s: got %q, want one fault that says %q", c.name, faults, c.want)
		}
	}
	apart := append([]edge{{"./fxmodule/grpcfx", "./contrib/flowgrpc"}, {"./contrib/flowgrpc", "google.golang.org/grpc"}}, base...)
	if faults := umbrellaLinks(apart); len(faults) != 0 {
		t.Errorf("a thin module of its own: got %q, want none", faults)
	}
}
