// Code generated from telemetry/registry.yaml by tools/flowconvgen. DO NOT EDIT.

package flowconv

import "go.opentelemetry.io/otel/attribute"

// Attribute keys.
const (
	// AppStateKey is "goflow.app.state": where the application is in its life.
	AppStateKey          = attribute.Key("goflow.app.state")
	ErrorTypeKey         = attribute.Key("error.type")
	LimiterAlgorithmKey  = attribute.Key("goflow.limiter.algorithm")
	LimiterBurstKey      = attribute.Key("goflow.limiter.burst")
	LimiterKeyKey        = attribute.Key("goflow.limiter.key")
	LimiterNameKey       = attribute.Key("goflow.limiter.name")
	LimiterOutcomeKey    = attribute.Key("goflow.limiter.outcome")
	LimiterPermitsKey    = attribute.Key("goflow.limiter.permits")
	LimiterRateKey       = attribute.Key("goflow.limiter.rate")
	LimiterRetryAfterKey = attribute.Key("goflow.limiter.retry_after")
)

// Values of goflow.app.state.
const (
	AppStateStarting = "starting"
	AppStateReady    = "ready"
	AppStateDraining = "draining"
	AppStateStopped  = "stopped"
)

// Values of goflow.limiter.algorithm.
const (
	LimiterAlgorithmTokenBucket = "token_bucket"
)

// Values of goflow.limiter.outcome.
const (
	LimiterOutcomeAllowed   = "allowed"
	LimiterOutcomeDenied    = "denied"
	LimiterOutcomeDelayed   = "delayed"
	LimiterOutcomeCancelled = "cancelled"
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

// seconds are the boundaries of histograms of durations.
var seconds = []float64{1e-05, 0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

// Metrics lists every metric, by name.
var Metrics = []Metric{LimiterDecisions, LimiterKeyLimit, LimiterKeyUsage, LimiterOverflows, LimiterPermitLimit, LimiterPermitUsage, LimiterPermits, LimiterQueueSize, LimiterWaitDuration}

// Spans.
var (
	LimiterSpan = Span{ID: "goflow.limiter", Verbs: []string{"allow", "take", "reserve", "wait"}, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "goflow.limiter.outcome", "goflow.limiter.permits", "goflow.limiter.retry_after", "goflow.limiter.key", "error.type"}}
)

// Spans lists every family of spans, by ID.
var Spans = []Span{LimiterSpan}

// Event names.
const (
	EventAppStateChange     = "goflow.app.state_change"
	EventLimiterQuotaChange = "goflow.limiter.quota_change"
)

// Events lists every event, by name.
var Events = []Event{
	{Name: EventAppStateChange, Attributes: []string{"goflow.app.state"}},
	{Name: EventLimiterQuotaChange, Attributes: []string{"goflow.limiter.name", "goflow.limiter.rate", "goflow.limiter.burst"}},
}
