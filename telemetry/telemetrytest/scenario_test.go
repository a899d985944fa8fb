package telemetrytest_test

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

const scopeName = "github.com/goflow-go/goflow/limit"

var (
	checkout  = flowconv.LimiterNameKey.String("checkout")
	algorithm = flowconv.LimiterAlgorithmKey.String(flowconv.LimiterAlgorithmTokenBucket)
	denied    = flowconv.LimiterOutcomeKey.String(flowconv.LimiterOutcomeDenied)
	allowed   = flowconv.LimiterOutcomeKey.String(flowconv.LimiterOutcomeAllowed)
)

// numbers is an instance that reports fixed values.
type numbers map[*telemetry.Point]int64

func (n numbers) Observe(o *telemetry.Observer) {
	for p, v := range n {
		o.Observe(p, v)
	}
}

func point(m flowconv.Metric, attrs ...attribute.KeyValue) *telemetry.Point {
	p := telemetry.NewPoint(m, attrs...)
	return &p
}

// scenario emits something of each signal, all of it declared.
func scenario(rec *telemetrytest.Recorder) {
	s := telemetry.NewScope(scopeName, rec.Options()...)
	kind := telemetry.NewKind(scopeName, flowconv.Metrics...)
	reg := kind.Register(s, numbers{
		point(flowconv.LimiterDecisions, checkout, algorithm, allowed): 7,
		point(flowconv.LimiterDecisions, checkout, algorithm, denied):  3,
		point(flowconv.LimiterQueueSize, checkout, algorithm):          1,
	})
	waits := reg.Durations(flowconv.LimiterWaitDuration, checkout, algorithm)

	ctx, parent := rec.StartSpan(context.Background(), "request")
	waiting, span := s.Start(ctx, "wait checkout", checkout, algorithm)
	<-time.After(50 * time.Millisecond)
	span.Set(flowconv.LimiterOutcomeKey.String(flowconv.LimiterOutcomeDelayed), flowconv.LimiterPermitsKey.Int(1))
	span.End(nil)
	waits.Record(waiting, 50*time.Millisecond, nil)
	waits.Record(waiting, time.Second, context.DeadlineExceeded)

	link, _ := telemetry.Link(ctx)
	elsewhere := trace.Link{SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, Remote: true,
	})}
	_, root := s.StartLinked(ctx, "take checkout", []trace.Link{link, elsewhere}, checkout)
	root.End(errors.New("cannot be"))
	s.Event(ctx, log.SeverityInfo, flowconv.EventLimiterQuotaChange, "rate changed", checkout, flowconv.LimiterRateKey.String("5/s"))
	parent.End()
}
