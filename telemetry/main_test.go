package telemetry_test

import (
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const scopeName = "github.com/goflow-go/goflow/limit"

var (
	checkout = flowconv.LimiterNameKey.String("checkout")
	allowed  = flowconv.LimiterOutcomeKey.String(flowconv.LimiterOutcomeAllowed)
)

// engine is the smallest instance: a counter and a gauge.
type engine struct {
	decisions, queue atomic.Int64
	points           [2]telemetry.Point
	scope            *telemetry.Scope
	*telemetry.Registration
}

func newKind() *telemetry.Kind {
	return telemetry.NewKind(scopeName, flowconv.LimiterDecisions, flowconv.LimiterQueueSize, flowconv.LimiterWaitDuration)
}

func newEngine(kind *telemetry.Kind, name string, opts ...telemetry.Option) *engine {
	named := flowconv.LimiterNameKey.String(name)
	e := &engine{
		points: [2]telemetry.Point{
			telemetry.NewPoint(flowconv.LimiterDecisions, named, allowed),
			telemetry.NewPoint(flowconv.LimiterQueueSize, named),
		},
		scope: telemetry.NewScope(scopeName, opts...),
	}
	e.Registration = kind.Register(e.scope, e)
	return e
}

func (e *engine) Observe(o *telemetry.Observer) {
	o.Observe(&e.points[0], e.decisions.Load())
	o.Observe(&e.points[1], e.queue.Load())
}

// observeFunc is an instance that reports by a function.
type observeFunc func(o *telemetry.Observer)

func (f observeFunc) Observe(o *telemetry.Observer) { f(o) }

const childEnv = "GOFLOW_TELEMETRY_CHILD"

// inOwnProcess runs the test that calls it in a process of its own, for what touches the global
// providers: they can be set once. It reports whether this is that process.
func inOwnProcess(t *testing.T) bool {
	t.Helper()
	if os.Getenv(childEnv) != "" {
		return true
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), childEnv+"=1")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

func keysOf(attrs []attribute.KeyValue) []string {
	var keys []string
	for _, kv := range attrs {
		keys = append(keys, string(kv.Key))
	}
	return keys
}
