package resilience

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const scopeName = "github.com/goflow-go/goflow/core/resilience"

// The kinds of policies.
var (
	breakers  = telemetry.NewKind(scopeName, flowconv.BreakerCalls, flowconv.BreakerState, flowconv.BreakerTransitions)
	retries   = telemetry.NewKind(scopeName, flowconv.RetryCalls, flowconv.RetryAttempts)
	hedges    = telemetry.NewKind(scopeName, flowconv.HedgeCalls, flowconv.HedgeRuns)
	timeouts  = telemetry.NewKind(scopeName, flowconv.TimeoutCalls)
	fallbacks = telemetry.NewKind(scopeName, flowconv.FallbackCalls)
)

// The verbs of spans.
const (
	spanReject  = "reject "
	spanAttempt = "attempt "
	spanHedge   = "hedge "
)

// instrument is a policy's telemetry.
type instrument struct {
	name   string
	key    attribute.Key // the attribute that holds the name
	scope  *telemetry.Scope
	reader *telemetry.Registration
}

func newInstrument(name string, key attribute.Key, o options) instrument {
	return instrument{name: name, key: key, scope: telemetry.NewScope(scopeName, o.telemetry...)}
}

// start lets in be read. Its points must be made before.
func (i *instrument) start(kind *telemetry.Kind, in telemetry.Instance) {
	i.reader = kind.Register(i.scope, in)
}

func (i *instrument) stop() { i.reader.Close() }

// point makes a point of a metric under the name and one more attribute.
func (i *instrument) point(m flowconv.Metric, more attribute.KeyValue) telemetry.Point {
	return telemetry.NewPoint(m, i.key.String(i.name), more)
}

// span starts the span of one run of a task. The caller has looked at scope.Traced.
func (i *instrument) span(ctx context.Context, verb string, number attribute.Key, n int) (context.Context, telemetry.Span) {
	return i.scope.Start(ctx, verb+i.name, i.key.String(i.name), number.Int(n))
}

// rejected makes the span of a call a breaker did not let through. The caller has looked at
// scope.Traced.
func (i *instrument) rejected(ctx context.Context, start int64, s State) {
	i.scope.Ended(ctx, spanReject+i.name, clock.Time(start), nil,
		i.key.String(i.name), flowconv.BreakerStateKey.String(s.String()))
}

// changed tells that a breaker has changed state.
func (i *instrument) changed(ctx context.Context, c change) {
	if c.reason == "" {
		return
	}
	severity := log.SeverityInfo
	if c.to == Open {
		severity = log.SeverityWarn
	}
	i.scope.Event(ctx, severity, flowconv.EventBreakerStateChange,
		fmt.Sprintf("breaker %q is now %v: %s (%d of %d calls failed, %d slow)", i.name, c.to, c.reason, c.held.bad, c.held.calls(), c.held.extra),
		flowconv.BreakerNameKey.String(i.name),
		flowconv.BreakerStateKey.String(c.to.String()),
		flowconv.BreakerReasonKey.String(c.reason),
		flowconv.BreakerWindowCallsKey.Int64(c.held.calls()),
		flowconv.BreakerWindowFailuresKey.Int64(c.held.bad),
		flowconv.BreakerWindowSlowKey.Int64(c.held.extra))
}
