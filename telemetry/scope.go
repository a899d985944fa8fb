package telemetry

import (
	"fmt"
	"runtime/debug"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/log"
	lognoop "go.opentelemetry.io/otel/log/noop"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Scope is an instance's tracer, logger and span policy, under the name of its package. It is
// immutable and safe for concurrent use.
type Scope struct {
	name    string
	tracer  trace.Tracer
	logger  log.Logger
	meters  metric.MeterProvider
	policy  SpanPolicy
	version string
}

// NewScope makes the Scope of an instance. The name is the import path of the package that
// instruments itself. A provider that panics is replaced by none.
func NewScope(name string, opts ...Option) *Scope {
	o := newOptions(opts)
	s := &Scope{name: name, meters: o.meters, policy: o.spans, version: version()}
	contain(func() { s.tracer = o.tracers.Tracer(name, trace.WithInstrumentationVersion(s.version)) })
	if _, none := o.tracers.(noop.TracerProvider); none || s.tracer == nil {
		s.tracer, s.policy = noop.Tracer{}, Never
	}
	contain(func() { s.logger = o.loggers.Logger(name, log.WithInstrumentationVersion(s.version)) })
	if s.logger == nil {
		s.logger = lognoop.Logger{}
	}
	return s
}

// contain keeps a provider's panic away from the engine, and reports it where OpenTelemetry
// reports its own errors.
func contain(f func()) {
	defer func() {
		if v := recover(); v != nil {
			otel.Handle(fmt.Errorf("telemetry: provider panicked: %v", v))
		}
	}()
	f()
}

const module = "github.com/goflow-go/goflow"

// Version is goflow's version as the program was built with it, or "". It is safe for concurrent use.
func Version() string { return version() }

var version = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path == module {
			return dep.Version
		}
	}
	return info.Main.Version
})
