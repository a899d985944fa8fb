package limit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const scopeName = "github.com/goflow-go/goflow/limit"

// limiters is the kind all limiters of this package are.
var limiters = telemetry.NewKind(scopeName,
	flowconv.LimiterDecisions, flowconv.LimiterPermits,
	flowconv.LimiterPermitUsage, flowconv.LimiterPermitLimit,
	flowconv.LimiterQueueSize, flowconv.LimiterWaitDuration,
	flowconv.LimiterKeyUsage, flowconv.LimiterKeyLimit, flowconv.LimiterOverflows,
	flowconv.LimiterRefunds, flowconv.LimiterCharges, flowconv.LimiterNearLimits,
	flowconv.LimiterPressure,
)

// outcome is what a limiter decided.
type outcome uint8

const (
	outcomeAllowed outcome = iota
	outcomeDenied
	outcomeDelayed
	outcomeCancelled
	outcomeShadowed // of a Shadow alone
)

func outcomeOf(ok bool, delay time.Duration) outcome {
	switch {
	case !ok:
		return outcomeDenied
	case delay > 0:
		return outcomeDelayed
	}
	return outcomeAllowed
}

func (o outcome) String() string {
	switch o {
	case outcomeAllowed:
		return flowconv.LimiterOutcomeAllowed
	case outcomeDenied:
		return flowconv.LimiterOutcomeDenied
	case outcomeDelayed:
		return flowconv.LimiterOutcomeDelayed
	case outcomeShadowed:
		return flowconv.LimiterOutcomeShadowed
	case outcomeCancelled:
	}
	return flowconv.LimiterOutcomeCancelled
}

// The verbs of a limiter's spans.
const (
	spanAllow   = "allow "
	spanTake    = "take "
	spanReserve = "reserve "
	spanWait    = "wait "
	spanRefund  = "refund "
	spanCharge  = "charge "
)

// instrument is a limiter's telemetry.
type instrument struct {
	name      string
	algorithm string
	scope     *telemetry.Scope
	showKey   func(string) string
	reader    *telemetry.Registration
	waits     *telemetry.Durations
}

func newInstrument(name string, opts []Option) instrument {
	o := newOptions(opts)
	return instrument{
		name:      name,
		algorithm: flowconv.LimiterAlgorithmTokenBucket,
		showKey:   o.showKey,
		scope:     telemetry.NewScope(scopeName, o.telemetry...),
	}
}

// start lets in be read. Its points must be made before.
func (i *instrument) start(in telemetry.Instance) {
	i.reader = limiters.Register(i.scope, in)
	i.waits = i.reader.Durations(flowconv.LimiterWaitDuration, i.attributes()...)
}

func (i *instrument) stop() { i.reader.Close() }

func (i *instrument) attributes(more ...attribute.KeyValue) []attribute.KeyValue {
	return append([]attribute.KeyValue{
		flowconv.LimiterNameKey.String(i.name),
		flowconv.LimiterAlgorithmKey.String(i.algorithm),
	}, more...)
}

// point makes a point of a metric without further attributes.
func (i *instrument) point(m flowconv.Metric) telemetry.Point {
	return telemetry.NewPoint(m, i.attributes()...)
}

func (i *instrument) decisions(o outcome) telemetry.Point {
	return telemetry.NewPoint(flowconv.LimiterDecisions, i.attributes(flowconv.LimiterOutcomeKey.String(o.String()))...)
}

// observation is what a span says about a decision.
type observation struct {
	n          int
	outcome    outcome
	retryAfter time.Duration
	key        string
}

// trace makes the span of a decision already made. The caller has looked at scope.Traced.
func (i *instrument) trace(ctx context.Context, verb string, start int64, o observation, err error) {
	attrs := i.attributes(
		flowconv.LimiterOutcomeKey.String(o.outcome.String()),
		flowconv.LimiterPermitsKey.Int(o.n),
	)
	if o.retryAfter > 0 {
		attrs = append(attrs, flowconv.LimiterRetryAfterKey.Float64(o.retryAfter.Seconds()))
	}
	if i.showKey != nil && o.key != "" {
		key := i.showKey(o.key)
		key = strings.ToValidUTF8(key[:min(len(key), maxKeyAttribute)], "\uFFFD") // exporters refuse other text
		attrs = append(attrs, flowconv.LimiterKeyKey.String(key))
	}
	i.scope.Ended(ctx, verb+i.name, clock.Time(start), err, attrs...)
}

// maxKeyAttribute is how many bytes of a key a span shows.
const maxKeyAttribute = 128

// waited notes how long a caller that had to wait did.
func (i *instrument) waited(ctx context.Context, ns int64, err error) {
	i.waits.Record(ctx, time.Duration(ns), err)
}

// quotaChanged tells that an operator tuned the limiter.
func (i *instrument) quotaChanged(ctx context.Context, rate Rate, burst int) {
	i.scope.Event(ctx, log.SeverityInfo, flowconv.EventLimiterQuotaChange,
		fmt.Sprintf("limiter %q is now %v, burst %d", i.name, rate, burst),
		flowconv.LimiterNameKey.String(i.name),
		flowconv.LimiterRateKey.String(rate.String()),
		flowconv.LimiterBurstKey.Int(burst))
}
