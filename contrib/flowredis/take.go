package flowredis

import (
	"context"

	"go.opentelemetry.io/otel/attribute"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// take decides, counts, and makes the span under which Redis is asked.
func (s *shared) take(ctx context.Context, verb string, t target, n int) (limit.Decision, error) {
	if !s.inst.scope.Traced(ctx) {
		d, mode, err := s.decide(ctx, t, n)
		s.tally.count(outcomeOf(d), mode, n)
		return d, err
	}
	ctx, span := s.inst.scope.Start(ctx, verb+s.name, limiterAttributes(s.name, s.algorithm.name)...)
	d, mode, err := s.decide(ctx, t, n)
	s.tally.count(outcomeOf(d), mode, n)
	s.inst.end(span, observation{n, outcomeOf(d), mode, d, t.user}, err)
	return d, err
}

// observation is what a span says about a decision.
type observation struct {
	n        int
	outcome  outcome
	mode     Mode
	decision limit.Decision
	key      string
}

func (i *instrument) end(span telemetry.Span, o observation, err error) {
	if span.Recording() {
		attrs := []attribute.KeyValue{
			flowconv.LimiterOutcomeKey.String(o.outcome.String()),
			flowconv.LimiterPermitsKey.Int(o.n),
			flowconv.CoordinationModeKey.String(o.mode.String()),
		}
		if after := o.decision.RetryAfter; after > 0 {
			attrs = append(attrs, flowconv.LimiterRetryAfterKey.Float64(after.Seconds()))
		}
		span.Set(append(attrs, i.shown(o.key)...)...)
	}
	span.End(err)
}
