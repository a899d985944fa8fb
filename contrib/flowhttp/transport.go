package flowhttp

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
)

// Transport is an http.RoundTripper that sends each request under policies. Make one with
// [NewTransport] and put it into an http.Client. It is safe for concurrent use.
//
// From the outside in: the policies of [WithPolicies]; otelhttp's client span and metrics, one for
// each attempt, which also carry the trace to the server; the transport of [WithBase].
//
// # What policies see
//
// An attempt that gets no answer fails with the transport's error. An answer of status 429 or 5xx is
// told to the policies as a [*StatusError]; when that is what they return in the end, the caller
// gets the answer itself, as from any transport. Every other error of a policy reaches the caller as
// it is: through http.Client, errors.Is and core.RetryAfter find what is inside its *url.Error.
//
// # More than one attempt
//
// A policy may run the attempt again, or two at once. Each sends a fresh copy of the body, made with
// the request's GetBody (http.NewRequest sets it for common bodies). The answer of an attempt that is
// not returned is closed, after a bounded part of it was read to save its connection.
//
// Only a request that is safe to send twice is: one that [WithRepeatable] allows ([Repeatable] by
// default: not a POST without a key) and whose body can be copied. Of any other, an attempt is the last
// one unless it failed before there was a connection, or, when the config says ResendRefused, was answered
// with a refusal. Its error tells policies that to retry is in vain (see resilience.Permanent), and each
// further run is told the outcome of that last one.
//
// [WithHedge] is for requests that only read.
//
// # Contexts
//
// The context a policy gives an attempt (with a timeout, say) bounds it up to the answer's headers.
// The answer's body, which is read after the policies have returned, is bounded by the request's own.
type Transport struct {
	name     string
	maxDrain int64
	policy   core.Policy // nil: none
	hedged   core.Policy // of requests that only read; nil: as others
	base     http.RoundTripper
	traced   http.RoundTripper // base with a span around each attempt

	repeatable    func(*http.Request) bool
	resendRefused bool
}

// NewTransport makes a Transport. The name is its errors' subject. A wrong config is an error that
// names every field at fault.
func NewTransport(name string, cfg TransportConfig, opts ...TransportOption) (*Transport, error) {
	if err := core.Configure("flowhttp", name, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	var o transportOptions
	for _, opt := range opts {
		if opt != nil {
			opt.applyTransport(&o)
		}
	}
	if o.base == nil {
		o.base = http.DefaultTransport
	}
	if o.repeatable == nil {
		o.repeatable = Repeatable
	}
	t := &Transport{
		name:     name,
		maxDrain: int64(cfg.MaxDrain),
		policy:   o.policy(),
		base:     o.base,
		traced:   otelhttp.NewTransport(resends{o.base}, o.otelhttp()...),

		repeatable:    o.repeatable,
		resendRefused: cfg.ResendRefused,
	}
	if o.hedge != nil {
		t.hedged = core.Compose(t.policy, o.hedge)
	}
	return t, nil
}

// Name is the name the transport was made with.
func (t *Transport) Name() string { return t.name }

// RoundTrip sends r under the policies. It blocks until the answer's headers are there; the caller
// closes the answer's body.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	policy := t.policy
	if t.hedged != nil && reads(r) {
		policy = t.hedged
	}
	if policy == nil {
		return t.traced.RoundTrip(r)
	}
	x := newExchange(t, r)
	return x.end(policy.Do(r.Context(), x.attempt))
}

// undone reports whether err says that an attempt certainly had no effect.
func (t *Transport) undone(err error) bool { return unsent(err) || t.resendRefused && refused(err) }

// CloseIdleConnections passes on to the base transport, if that has it.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// resendKey is the context key of the number of attempts before this one.
type resendKey struct{}

// resends stands between otelhttp's span and the base transport, and numbers further attempts.
type resends struct{ http.RoundTripper }

func (b resends) RoundTrip(r *http.Request) (*http.Response, error) {
	if n, ok := r.Context().Value(resendKey{}).(int); ok {
		trace.SpanFromContext(r.Context()).SetAttributes(semconv.HTTPRequestResendCount(n))
	}
	return b.RoundTripper.RoundTrip(r)
}
