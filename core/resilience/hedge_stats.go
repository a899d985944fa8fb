package resilience

import (
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// HedgeStats is what a [Hedge] has counted since it was made.
type HedgeStats struct {
	First      int64 // calls the first run answered
	Extra      int64 // calls an extra run answered
	Failures   int64 // calls without a run that succeeded
	Runs       int64 // extra runs started
	OverBudget int64 // extra runs not started because they had used up their share
}

// Stats reads the counters.
func (h *Hedge) Stats() HedgeStats {
	return HedgeStats{
		First:      h.results[hedgeFirst].Load(),
		Extra:      h.results[hedgeExtra].Load(),
		Failures:   h.results[hedgeFailed].Load(),
		Runs:       h.budget.extra.Load(),
		OverBudget: h.overBudget.Load(),
	}
}

// hedgePoints are the metrics of a hedge.
type hedgePoints struct{ first, extra, failure, started, overBudget telemetry.Point }

func (i *instrument) hedgePoints() hedgePoints {
	calls := func(result string) telemetry.Point {
		return i.point(flowconv.HedgeCalls, flowconv.HedgeResultKey.String(result))
	}
	runs := func(outcome string) telemetry.Point {
		return i.point(flowconv.HedgeRuns, flowconv.HedgeOutcomeKey.String(outcome))
	}
	return hedgePoints{
		calls(flowconv.HedgeResultFirst), calls(flowconv.HedgeResultExtra), calls(flowconv.HedgeResultFailure),
		runs(flowconv.HedgeOutcomeStarted), runs(flowconv.HedgeOutcomeOverBudget),
	}
}

// hedgeReading is how a hedge is read at collection, kept off its method set.
type hedgeReading Hedge

func (h *hedgeReading) Observe(o *telemetry.Observer) {
	s := (*Hedge)(h).Stats()
	o.Observe(&h.metrics.first, s.First)
	o.Observe(&h.metrics.extra, s.Extra)
	o.Observe(&h.metrics.failure, s.Failures)
	o.Observe(&h.metrics.started, s.Runs)
	o.Observe(&h.metrics.overBudget, s.OverBudget)
}
