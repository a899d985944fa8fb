package resilience

import (
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// RetryStats is what a [Retry] has counted since it was made. Counters are read one after the other
// while others go on counting, so they may be a few calls apart.
type RetryStats struct {
	Successes    int64 // calls whose first attempt succeeded
	Recovered    int64 // calls that a later attempt saved
	NotRetryable int64 // calls that failed with an error not to retry, panics included
	Exhausted    int64 // calls whose attempts all failed
	OverBudget   int64 // calls not tried again because retries had used up their share
	OutOfTime    int64 // calls not tried again because it would have been too late
	Cancelled    int64 // calls whose caller gave up

	Failures int64 // attempts that failed
	Retries  int64 // retries the budget has granted
}

// Stats reads the counters.
func (r *Retry) Stats() RetryStats {
	return RetryStats{
		Successes:    r.budget.good.Load(),
		Recovered:    r.results[resultRecovered].Load(),
		NotRetryable: r.results[resultNotRetryable].Load(),
		Exhausted:    r.results[resultExhausted].Load(),
		OverBudget:   r.results[resultOverBudget].Load(),
		OutOfTime:    r.results[resultOutOfTime].Load(),
		Cancelled:    r.results[resultCancelled].Load(),
		Failures:     r.failed.Load(),
		Retries:      r.budget.extra.Load(),
	}
}

// String gives the result as telemetry spells it.
func (s retryResult) String() string {
	return [...]string{
		resultRecovered:    flowconv.RetryResultRecovered,
		resultNotRetryable: flowconv.RetryResultNotRetryable,
		resultExhausted:    flowconv.RetryResultExhausted,
		resultOverBudget:   flowconv.RetryResultOverBudget,
		resultOutOfTime:    flowconv.RetryResultOutOfTime,
		resultCancelled:    flowconv.RetryResultCancelled,
	}[s]
}

// retryPoints are the metrics of a retry.
type retryPoints struct {
	success            telemetry.Point
	results            [resultCancelled + 1]telemetry.Point
	succeeded, failing telemetry.Point
}

func (i *instrument) retryPoints() (p retryPoints) {
	calls := func(result string) telemetry.Point {
		return i.point(flowconv.RetryCalls, flowconv.RetryResultKey.String(result))
	}
	p.success = calls(flowconv.RetryResultSuccess)
	for s := range p.results {
		p.results[s] = calls(retryResult(s).String())
	}
	p.succeeded = i.point(flowconv.RetryAttempts, flowconv.RetryOutcomeKey.String(flowconv.RetryOutcomeSuccess))
	p.failing = i.point(flowconv.RetryAttempts, flowconv.RetryOutcomeKey.String(flowconv.RetryOutcomeFailure))
	return p
}

// retryReading is how a retry is read at collection, kept off its method set.
type retryReading Retry

func (r *retryReading) Observe(o *telemetry.Observer) {
	at := r.budget.good.Load()
	o.Observe(&r.metrics.success, at)
	for i := range r.results {
		n := r.results[i].Load()
		o.Observe(&r.metrics.results[i], n)
		if retryResult(i) == resultRecovered {
			at += n
		}
	}
	o.Observe(&r.metrics.succeeded, at)
	o.Observe(&r.metrics.failing, r.failed.Load())
}
