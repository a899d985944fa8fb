// Code generated from telemetry/registry.yaml by tools/flowconvgen. DO NOT EDIT.

package flowconv

import "go.opentelemetry.io/otel/attribute"

// Attribute keys.
const (
	// AppStateKey is "goflow.app.state": where the application is in its life.
	AppStateKey = attribute.Key("goflow.app.state")
	// BreakerNameKey is "goflow.breaker.name": the name the breaker was made with.
	BreakerNameKey = attribute.Key("goflow.breaker.name")
	// BreakerOutcomeKey is "goflow.breaker.outcome": what became of a call.
	BreakerOutcomeKey = attribute.Key("goflow.breaker.outcome")
	// BreakerReasonKey is "goflow.breaker.reason": why the breaker changed state.
	BreakerReasonKey = attribute.Key("goflow.breaker.reason")
	// BreakerStateKey is "goflow.breaker.state": a state of the breaker.
	BreakerStateKey = attribute.Key("goflow.breaker.state")
	// BreakerWindowCallsKey is "goflow.breaker.window.calls": calls in the window just before the change. On events only.
	BreakerWindowCallsKey = attribute.Key("goflow.breaker.window.calls")
	// BreakerWindowFailuresKey is "goflow.breaker.window.failures": failures in the window just before the change. On events only.
	BreakerWindowFailuresKey = attribute.Key("goflow.breaker.window.failures")
	// BreakerWindowSlowKey is "goflow.breaker.window.slow": slow calls in the window just before the change. On events only.
	BreakerWindowSlowKey = attribute.Key("goflow.breaker.window.slow")
	// ErrorTypeKey is "error.type": the class of the failure, from core.ErrorType's closed set. Absent on success.
	ErrorTypeKey = attribute.Key("error.type")
	// FallbackNameKey is "goflow.fallback.name": the name the fallback was made with.
	FallbackNameKey = attribute.Key("goflow.fallback.name")
	// FallbackOutcomeKey is "goflow.fallback.outcome": what became of a call.
	FallbackOutcomeKey = attribute.Key("goflow.fallback.outcome")
	// HedgeNameKey is "goflow.hedge.name": the name the hedge was made with.
	HedgeNameKey = attribute.Key("goflow.hedge.name")
	// HedgeOutcomeKey is "goflow.hedge.outcome": what became of an extra run that was due.
	HedgeOutcomeKey = attribute.Key("goflow.hedge.outcome")
	// HedgeResultKey is "goflow.hedge.result": what became of a call.
	HedgeResultKey = attribute.Key("goflow.hedge.result")
	// HedgeRunKey is "goflow.hedge.run": which run it was, from 2. On spans only.
	HedgeRunKey = attribute.Key("goflow.hedge.run")
	// LimiterAlgorithmKey is "goflow.limiter.algorithm": how the limiter decides.
	LimiterAlgorithmKey = attribute.Key("goflow.limiter.algorithm")
	// LimiterBurstKey is "goflow.limiter.burst": the burst after a change.
	LimiterBurstKey = attribute.Key("goflow.limiter.burst")
	// LimiterHeldKey is "goflow.limiter.held": how many permits were held when more were released.
	LimiterHeldKey = attribute.Key("goflow.limiter.held")
	// LimiterKeyKey is "goflow.limiter.key": the key of a keyed limiter. On spans only, and only when the limiter was told to show it.
	LimiterKeyKey = attribute.Key("goflow.limiter.key")
	// LimiterLimitKey is "goflow.limiter.limit": the limit of a concurrency limiter after a change.
	LimiterLimitKey = attribute.Key("goflow.limiter.limit")
	// LimiterNameKey is "goflow.limiter.name": the name the limiter was made with.
	LimiterNameKey = attribute.Key("goflow.limiter.name")
	// LimiterOutcomeKey is "goflow.limiter.outcome": what the limiter decided.
	LimiterOutcomeKey = attribute.Key("goflow.limiter.outcome")
	// LimiterPermitsKey is "goflow.limiter.permits": how many permits were asked for. On spans only.
	LimiterPermitsKey = attribute.Key("goflow.limiter.permits")
	// LimiterRateKey is "goflow.limiter.rate": the rate after a change.
	LimiterRateKey = attribute.Key("goflow.limiter.rate")
	// LimiterRetryAfterKey is "goflow.limiter.retry_after": seconds until the same request would be permitted. On spans of denied decisions only.
	LimiterRetryAfterKey = attribute.Key("goflow.limiter.retry_after")
	// RetryAttemptKey is "goflow.retry.attempt": which attempt it was, from 1. On spans only.
	RetryAttemptKey = attribute.Key("goflow.retry.attempt")
	// RetryNameKey is "goflow.retry.name": the name the retry was made with.
	RetryNameKey = attribute.Key("goflow.retry.name")
	// RetryOutcomeKey is "goflow.retry.outcome": what became of an attempt.
	RetryOutcomeKey = attribute.Key("goflow.retry.outcome")
	// RetryResultKey is "goflow.retry.result": what became of a call.
	RetryResultKey = attribute.Key("goflow.retry.result")
	// TimeoutNameKey is "goflow.timeout.name": the name the timeout was made with.
	TimeoutNameKey = attribute.Key("goflow.timeout.name")
	// TimeoutOutcomeKey is "goflow.timeout.outcome": what became of a call.
	TimeoutOutcomeKey = attribute.Key("goflow.timeout.outcome")
)

// Values of goflow.app.state.
const (
	AppStateStarting = "starting" // hooks are starting
	AppStateReady    = "ready"    // every start hook has ended
	AppStateDraining = "draining" // stopping has begun; new work is sent elsewhere
)

// Values of goflow.breaker.outcome.
const (
	BreakerOutcomeSuccess  = "success"  // the call succeeded
	BreakerOutcomeFailure  = "failure"  // the call failed
	BreakerOutcomeIgnored  = "ignored"  // the call ended in a way that says nothing: cancelled, rejected further in, invalid
	BreakerOutcomeRejected = "rejected" // the call was not let through
	BreakerOutcomeStale    = "stale"    // the call ended after the breaker had changed state
)

// Values of goflow.breaker.reason.
const (
	BreakerReasonFailureRate     = "failure_rate"     // too large a share of calls failed
	BreakerReasonSlowRate        = "slow_rate"        // too large a share of calls was slow
	BreakerReasonConsecutive     = "consecutive"      // too many calls failed in a row
	BreakerReasonWaited          = "waited"           // it had been open for long enough
	BreakerReasonProbeFailed     = "probe_failed"     // a probe failed or was slow
	BreakerReasonProbesSucceeded = "probes_succeeded" // enough probes succeeded
	BreakerReasonForced          = "forced"           // an operator forced it
	BreakerReasonReset           = "reset"            // an operator reset it
)

// Values of goflow.breaker.state.
const (
	BreakerStateClosed   = "closed"    // calls pass
	BreakerStateOpen     = "open"      // calls are rejected
	BreakerStateHalfOpen = "half_open" // a few calls pass to probe
)

// Values of goflow.fallback.outcome.
const (
	FallbackOutcomeSuccess        = "success"         // the task succeeded
	FallbackOutcomeFailure        = "failure"         // the task failed, and its error is not one to fall back on
	FallbackOutcomeFallback       = "fallback"        // the fallback succeeded in its place
	FallbackOutcomeFallbackFailed = "fallback_failed" // the fallback failed too
)

// Values of goflow.hedge.outcome.
const (
	HedgeOutcomeStarted    = "started"     // an extra run was started
	HedgeOutcomeOverBudget = "over_budget" // extra runs had used up their share of calls
)

// Values of goflow.hedge.result.
const (
	HedgeResultFirst   = "first"   // the first run succeeded first
	HedgeResultExtra   = "extra"   // an extra run succeeded first
	HedgeResultFailure = "failure" // no run succeeded
)

// Values of goflow.limiter.algorithm.
const (
	LimiterAlgorithmTokenBucket   = "token_bucket"   // token bucket (GCRA)
	LimiterAlgorithmLeakyBucket   = "leaky_bucket"   // leaky bucket: permits leave one at a time
	LimiterAlgorithmFixedWindow   = "fixed_window"   // a count in each window of the clock
	LimiterAlgorithmSlidingWindow = "sliding_window" // a count, and a share of the count in the window before
	LimiterAlgorithmSlidingLog    = "sliding_log"    // the times of the latest permits
	LimiterAlgorithmConcurrency   = "concurrency"    // permits held at the same time
	LimiterAlgorithmAdaptive      = "adaptive"       // permits held at the same time, as many as measured latency allows
	LimiterAlgorithmAll           = "all"            // permits of several limiters, or none
	LimiterAlgorithmAny           = "any"            // permits of the first of several limiters that has them
	LimiterAlgorithmShadow        = "shadow"         // what another limiter says, but it lets all through
	LimiterAlgorithmThrottle      = "throttle"       // a client's own share of rejections, from how many the backend rejects
)

// Values of goflow.limiter.outcome.
const (
	LimiterOutcomeAllowed   = "allowed"   // permitted at once
	LimiterOutcomeDenied    = "denied"    // not permitted
	LimiterOutcomeDelayed   = "delayed"   // permitted for a later time
	LimiterOutcomeShadowed  = "shadowed"  // let through, though the limiter being tried out denied it
	LimiterOutcomeCancelled = "cancelled" // given back: a reservation was cancelled, or a waiter's context ended
)

// Values of goflow.retry.outcome.
const (
	RetryOutcomeSuccess = "success" // the attempt succeeded
	RetryOutcomeFailure = "failure" // the attempt failed
)

// Values of goflow.retry.result.
const (
	RetryResultSuccess      = "success"       // the first attempt succeeded
	RetryResultRecovered    = "recovered"     // a later attempt succeeded
	RetryResultNotRetryable = "not_retryable" // the error is not one to retry
	RetryResultExhausted    = "exhausted"     // all attempts failed
	RetryResultOverBudget   = "over_budget"   // retries had used up their share of calls
	RetryResultOutOfTime    = "out_of_time"   // the next attempt would have come too late
	RetryResultCancelled    = "cancelled"     // the caller gave up
)

// Values of goflow.timeout.outcome.
const (
	TimeoutOutcomeSuccess  = "success"   // the task succeeded
	TimeoutOutcomeFailure  = "failure"   // the task failed of itself
	TimeoutOutcomeTimedOut = "timed_out" // the task failed after this timeout had passed
)

// Metrics.
var (
	LimiterDecisions    = Metric{Name: "goflow.limiter.decisions", Unit: "{decision}", Description: "Decisions a limiter made.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "goflow.limiter.outcome"}}
	LimiterPermits      = Metric{Name: "goflow.limiter.permits", Unit: "{permit}", Description: "Permits a limiter gave out, those given back left in.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterPermitUsage  = Metric{Name: "goflow.limiter.permit.usage", Unit: "{permit}", Description: "Permits of the burst in use now. Above the limit while callers wait for later permits.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterPermitLimit  = Metric{Name: "goflow.limiter.permit.limit", Unit: "{permit}", Description: "Permits a limiter can give out at once, its burst; per key for a keyed limiter.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterQueueSize    = Metric{Name: "goflow.limiter.queue.size", Unit: "{request}", Description: "Callers waiting for a permit now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterKeyUsage     = Metric{Name: "goflow.limiter.key.usage", Unit: "{key}", Description: "Keys a keyed limiter holds now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterKeyLimit     = Metric{Name: "goflow.limiter.key.limit", Unit: "{key}", Description: "Keys a keyed limiter may hold. Further keys share one bucket.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterOverflows    = Metric{Name: "goflow.limiter.overflows", Unit: "{decision}", Description: "Decisions of a keyed limiter made on the shared bucket, because it held its limit of keys.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterCharges      = Metric{Name: "goflow.limiter.charges", Unit: "{permit}", Description: "Permits taken without asking, for work already done.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterNearLimits   = Metric{Name: "goflow.limiter.near_limits", Unit: "{decision}", Description: "Decisions allowed at once with less than a fifth of the permits left.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterRefunds      = Metric{Name: "goflow.limiter.refunds", Unit: "{permit}", Description: "Permits given back to a limiter because they went unused.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterWaitDuration = Metric{Name: "goflow.limiter.wait.duration", Unit: "s", Description: "How long callers that had to wait for a permit waited.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "error.type"}}
	BreakerCalls        = Metric{Name: "goflow.breaker.calls", Unit: "{call}", Description: "Calls to a breaker.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.breaker.name", "goflow.breaker.outcome"}}
	BreakerState        = Metric{Name: "goflow.breaker.state", Unit: "{breaker}", Description: "1 for the state a breaker is in, 0 for the others.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.breaker.name", "goflow.breaker.state"}}
	BreakerTransitions  = Metric{Name: "goflow.breaker.transitions", Unit: "{transition}", Description: "Changes of a breaker's state, by the state entered.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.breaker.name", "goflow.breaker.state"}}
	RetryCalls          = Metric{Name: "goflow.retry.calls", Unit: "{call}", Description: "Calls under a retry that have ended.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.retry.name", "goflow.retry.result"}}
	RetryAttempts       = Metric{Name: "goflow.retry.attempts", Unit: "{attempt}", Description: "Attempts of calls under a retry.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.retry.name", "goflow.retry.outcome"}}
	HedgeCalls          = Metric{Name: "goflow.hedge.calls", Unit: "{call}", Description: "Calls under a hedge that have ended.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.hedge.name", "goflow.hedge.result"}}
	HedgeRuns           = Metric{Name: "goflow.hedge.runs", Unit: "{run}", Description: "Extra runs that were due.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.hedge.name", "goflow.hedge.outcome"}}
	TimeoutCalls        = Metric{Name: "goflow.timeout.calls", Unit: "{call}", Description: "Calls under a timeout that have ended.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.timeout.name", "goflow.timeout.outcome"}}
	FallbackCalls       = Metric{Name: "goflow.fallback.calls", Unit: "{call}", Description: "Calls under a fallback that have ended.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.fallback.name", "goflow.fallback.outcome"}}
)

// seconds are bucket boundaries.
var seconds = []float64{1e-05, 0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

// Metrics lists every metric, by name.
var Metrics = []Metric{BreakerCalls, BreakerState, BreakerTransitions, FallbackCalls, HedgeCalls, HedgeRuns, LimiterCharges, LimiterDecisions, LimiterKeyLimit, LimiterKeyUsage, LimiterNearLimits, LimiterOverflows, LimiterPermitLimit, LimiterPermitUsage, LimiterPermits, LimiterQueueSize, LimiterRefunds, LimiterWaitDuration, RetryAttempts, RetryCalls, TimeoutCalls}

// Spans.
var (
	LimiterSpan = Span{ID: "goflow.limiter", Verbs: []string{"allow", "take", "reserve", "wait", "acquire", "charge", "refund"}, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "goflow.limiter.outcome", "goflow.limiter.permits", "goflow.limiter.retry_after", "goflow.limiter.key", "error.type"}}
	BreakerSpan = Span{ID: "goflow.breaker", Verbs: []string{"reject"}, Attributes: []string{"goflow.breaker.name", "goflow.breaker.state"}}
	RetrySpan   = Span{ID: "goflow.retry", Verbs: []string{"attempt"}, Attributes: []string{"goflow.retry.name", "goflow.retry.attempt", "error.type"}}
	HedgeSpan   = Span{ID: "goflow.hedge", Verbs: []string{"hedge"}, Attributes: []string{"goflow.hedge.name", "goflow.hedge.run", "error.type"}}
)

// Spans lists every family of spans, by ID.
var Spans = []Span{BreakerSpan, HedgeSpan, LimiterSpan, RetrySpan}

// Event names.
const (
	EventAppStateChange     = "goflow.app.state_change"     // the application is starting, has become ready, or drains
	EventBreakerStateChange = "goflow.breaker.state_change" // a breaker changed state, with what its window held before
	EventLimiterLimitChange = "goflow.limiter.limit_change" // the limit of a running concurrency limiter was changed
	EventLimiterOverRelease = "goflow.limiter.over_release" // more permits were released than were held, for the first time in this limiter. It is a mistake of its user
	EventLimiterQuotaChange = "goflow.limiter.quota_change" // the rate or burst of a running limiter was changed
)

// Events lists every event, by name.
var Events = []Event{
	{Name: EventAppStateChange, Attributes: []string{"goflow.app.state"}},
	{Name: EventBreakerStateChange, Attributes: []string{"goflow.breaker.name", "goflow.breaker.state", "goflow.breaker.reason", "goflow.breaker.window.calls", "goflow.breaker.window.failures", "goflow.breaker.window.slow"}},
	{Name: EventLimiterLimitChange, Attributes: []string{"goflow.limiter.name", "goflow.limiter.limit"}},
	{Name: EventLimiterOverRelease, Attributes: []string{"goflow.limiter.name", "goflow.limiter.permits", "goflow.limiter.held"}},
	{Name: EventLimiterQuotaChange, Attributes: []string{"goflow.limiter.name", "goflow.limiter.rate", "goflow.limiter.burst"}},
}
