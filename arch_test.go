package goflow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/goflow-go/goflow"

// A pattern is a package of this module ("./limit"), another module's ("go.uber.org/fx"), either with
// what lies below it ("./limit/..."), "std" for the standard library, or "*" for everything.

// rule says what the packages of some rooms may import. The first rule that has a package counts.
type rule struct {
	rooms, may []string
	because    string
}

var (
	floor0 = []string{"std", "./internal/...", "./core", "./core/health"}
	floor1 = slices.Concat(floor0, []string{"./telemetry", "./telemetry/flowconv"})
	floor2 = slices.Concat(floor1, []string{"./core/health/...", "./core/resilience/...", "./core/lease/...", "./limit/...", "./sched/...", "./streams/..."})

	otelAPI = []string{
		"go.opentelemetry.io/otel", "go.opentelemetry.io/otel/attribute/...", "go.opentelemetry.io/otel/baggage",
		"go.opentelemetry.io/otel/codes", "go.opentelemetry.io/otel/log/...", "go.opentelemetry.io/otel/metric/...",
		"go.opentelemetry.io/otel/propagation", "go.opentelemetry.io/otel/semconv/...", "go.opentelemetry.io/otel/trace/...",
	}
	otelWords = []string{ // what an engine says to package telemetry, which alone talks to providers
		"go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/log", "go.opentelemetry.io/otel/trace",
	}
	otelAll = []string{"go.opentelemetry.io/...", "github.com/prometheus/..."}

	wiring = slices.Concat(floor2, otelAPI, []string{"./telemetry/...", "./contrib/...", "./fxmodule/...", "go.uber.org/fx/..."})
)

// rules is the house: who may import whom.
var rules = []rule{
	{[]string{"."}, nil, "the root package is documentation"},
	{[]string{"./internal/..."}, []string{"std", "./internal/..."}, "internal packages stand below everything else"},
	{[]string{"./core"}, []string{"std", "./internal/..."}, "core needs the standard library only"},
	{[]string{"./core/health"}, floor0, "core/health needs core and the standard library only"},
	{[]string{"./core/health/checks"}, floor0, "ready-made checks need core and the standard library only"},
	{[]string{"./telemetry", "./telemetry/flowconv"}, slices.Concat(floor1, otelAPI), "engines link the OpenTelemetry API, never the SDK"},
	{[]string{"./telemetry/otelsdk/...", "./telemetry/telemetrytest/..."}, slices.Concat(floor1, otelAll), "setting up the SDK knows no engine"},
	engine("./core/health/watch"),
	engine("./core/resilience/..."),
	engine("./core/lease/..."),
	engine("./limit/..."),
	engine("./sched/..."),
	engine("./streams/..."),
	adapter("./contrib/flowhttp/...", "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"),
	adapter("./contrib/flowgrpc/...", "google.golang.org/...", "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"),
	adapter("./contrib/flowredis/...", "github.com/redis/go-redis/v9/..."),
	adapter("./contrib/flowadmin/...", otelAll...), // its console reads what the SDK collects
	{
		[]string{"./fxmodule/telemetryfx/..."},
		slices.Concat(floor1, otelAll, []string{"./telemetry/...", "./fxmodule/...", "go.uber.org/fx/..."}),
		"telemetryfx takes processors, readers and views for the SDK, and knows no engine",
	},
	{
		[]string{"./fxmodule/redisfx/..."},
		slices.Concat(wiring, []string{"github.com/redis/go-redis/v9/...", "github.com/redis/go-redis/extra/redisotel/v9"}),
		"redisfx provides a Redis client that reports by its own library",
	},
	{
		[]string{"./fxmodule/grpcfx/..."},
		slices.Concat(wiring, []string{"google.golang.org/grpc/..."}),
		"grpcfx takes services and options in gRPC's own types, and provides a connection",
	},
	{[]string{"./fxmodule/..."}, wiring, "fxmodule wires what the floors below export; the SDK is set up by telemetry/otelsdk"},
	{[]string{"./examples/...", "./integration/..."}, []string{"*"}, "the top floor imports anything"},
}

func engine(room string) rule {
	return rule{
		[]string{room}, slices.Concat(floor1, otelWords, []string{room}),
		"engines never import each other, and reach OpenTelemetry through package telemetry: what runs work takes core.Policy",
	}
}

func adapter(room string, libraries ...string) rule {
	return rule{
		[]string{room}, slices.Concat(floor2, otelAPI, libraries, []string{room}),
		"an adapter imports engines and the library it adapts: not the SDK, not fx, not another adapter",
	}
}

// edge is one package importing another.
type edge struct{ from, to string }

// wrongEdges reports the imports that break a rule, and the packages that have none.
func wrongEdges(edges []edge) []string {
	var faults []string
	for _, e := range edges {
		i := slices.IndexFunc(rules, func(r rule) bool { return matchAny(r.rooms, e.from) })
		switch {
		case i < 0:
			faults = append(faults, fmt.Sprintf("%s has no rule: give it a room", e.from))
		case !matchAny(rules[i].may, e.to):
			faults = append(faults, fmt.Sprintf("%s imports %s, but %s", e.from, e.to, rules[i].because))
		}
	}
	return faults
}

// wrongTestEdges reports the imports that not even a test may have.
func wrongTestEdges(edges []edge) []string {
	var faults []string
	for _, e := range edges {
		if match("./examples/...", e.to) && !matchAny([]string{"./examples/...", "./integration/..."}, e.from) {
			faults = append(faults, fmt.Sprintf("a test of %s imports %s, but examples are programs, not a library", e.from, e.to))
		}
	}
	return faults
}

// umbrellaLinks reports how the umbrella comes to link gRPC or Redis through packages of this
// module. (The OTLP exporters link gRPC on their own account.)
func umbrellaLinks(edges []edge) []string {
	var faults []string
	reached := []string{"./fxmodule"}
	for i := 0; i < len(reached); i++ {
		for _, e := range edges {
			if e.from != reached[i] {
				continue
			}
			if matchAny([]string{"google.golang.org/grpc/...", "github.com/redis/...", "./contrib/flowgrpc/...", "./contrib/flowredis/..."}, e.to) {
				faults = append(faults, fmt.Sprintf("./fxmodule links %s through %s, but users of the umbrella pay for neither gRPC nor Redis", e.to, e.from))
			}
			if match("./...", e.to) && !slices.Contains(reached, e.to) {
				reached = append(reached, e.to)
			}
		}
	}
	return faults
}

func matchAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, path) })
}

func match(pattern, path string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == prefix || strings.HasPrefix(path, prefix+"/")
	}
	root, _, _ := strings.Cut(path, "/")
	std := !strings.Contains(root, ".")
	return pattern == path || pattern == "*" || pattern == "std" && std
}

// imports reads the import graph of this module: what packages import, and what their tests do.
func imports(t *testing.T) (edges, testEdges []edge) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	local := func(path string) string {
		if rest, ok := strings.CutPrefix(path, module); ok {
			return "." + rest
		}
		return path
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return edges, testEdges
		case err != nil:
			t.Fatalf("go list: %v", err)
		}
		for _, to := range p.Imports {
			edges = append(edges, edge{local(p.ImportPath), local(to)})
		}
		for _, to := range slices.Concat(p.TestImports, p.XTestImports) {
			testEdges = append(testEdges, edge{local(p.ImportPath), local(to)})
		}
	}
}

func TestImportsKeepToTheFloors(t *testing.T) {
	t.Parallel()
	edges, testEdges := imports(t)
	if len(edges) == 0 || len(testEdges) == 0 {
		t.Fatalf("go list gave %d imports and %d of tests", len(edges), len(testEdges))
	}
	for _, fault := range slices.Concat(wrongEdges(edges), wrongTestEdges(testEdges), umbrellaLinks(edges)) {
		t.Error(fault)
	}
}
