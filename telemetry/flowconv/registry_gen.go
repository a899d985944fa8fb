// Code generated from telemetry/registry.yaml by tools/flowconvgen. DO NOT EDIT.

package flowconv

import "go.opentelemetry.io/otel/attribute"

// Attribute keys.
const (
	// AppStateKey is "goflow.app.state": where the application is in its life.
	AppStateKey = attribute.Key("goflow.app.state")
	// ErrorTypeKey is "error.type": the class of the failure, from core.ErrorType's closed set. Absent on success.
	ErrorTypeKey = attribute.Key("error.type")
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
)

// Values of goflow.app.state.
const (
	AppStateStarting = "starting" // hooks are starting
	AppStateReady    = "ready"    // every start hook has ended
	AppStateDraining = "draining" // stopping has begun; new work is sent elsewhere
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
	LimiterAlgorithmThrottle      = "throttle"       // a client's own share of rejections, from how many the backend rejects
)

// Values of goflow.limiter.outcome.
const (
	LimiterOutcomeAllowed   = "allowed"   // permitted at once
	LimiterOutcomeDenied    = "denied"    // not permitted
	LimiterOutcomeDelayed   = "delayed"   // permitted for a later time
	LimiterOutcomeCancelled = "cancelled" // given back: a reservation was cancelled, or a waiter's context ended
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
	LimiterWaitDuration = Metric{Name: "goflow.limiter.wait.duration", Unit: "s", Description: "How long callers that had to wait for a permit waited.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "error.type"}}
)

// seconds are bucket boundaries.
var seconds = []float64{1e-05, 0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

// Metrics lists every metric, by name.
var Metrics = []Metric{LimiterDecisions, LimiterKeyLimit, LimiterKeyUsage, LimiterOverflows, LimiterPermitLimit, LimiterPermitUsage, LimiterPermits, LimiterQueueSize, LimiterWaitDuration}

// Spans.
var (
	LimiterSpan = Span{ID: "goflow.limiter", Verbs: []string{"allow", "take", "reserve", "wait", "acquire"}, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "goflow.limiter.outcome", "goflow.limiter.permits", "goflow.limiter.retry_after", "goflow.limiter.key", "error.type"}}
)

// Spans lists every family of spans, by ID.
var Spans = []Span{LimiterSpan}

// Event names.
const (
	EventAppStateChange     = "goflow.app.state_change"     // the application is starting, has become ready, or drains
	EventLimiterLimitChange = "goflow.limiter.limit_change" // the limit of a running concurrency limiter was changed
	EventLimiterOverRelease = "goflow.limiter.over_release" // more permits were released than were held, for the first time in this limiter. It is a mistake of its user
	EventLimiterQuotaChange = "goflow.limiter.quota_change" // the rate or burst of a running limiter was changed
)

// Events lists every event, by name.
var Events = []Event{
	{Name: EventAppStateChange, Attributes: []string{"goflow.app.state"}},
	{Name: EventLimiterLimitChange, Attributes: []string{"goflow.limiter.name", "goflow.limiter.limit"}},
	{Name: EventLimiterOverRelease, Attributes: []string{"goflow.limiter.name", "goflow.limiter.permits", "goflow.limiter.held"}},
	{Name: EventLimiterQuotaChange, Attributes: []string{"goflow.limiter.name", "goflow.limiter.rate", "goflow.limiter.burst"}},
}
