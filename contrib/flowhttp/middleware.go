package flowhttp

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// Middleware guards HTTP handlers: with a limit for each client, and with policies. Make one with
// [NewMiddleware]; most callers want [Middleware.Wrap] once, around their ServeMux. It is safe for
// concurrent use.
//
// A request passes, from the outside in: otelhttp's span and metrics; the handlers of [WithOuter]; the
// limit of [WithLimit]; the policies of [WithPolicies]; the handler. What it is refused for decides the answer:
//
//   - 429 when a limit said no: the client's own quota, or a policy whose error is of class
//     rate_limited.
//   - 503 when the server cannot take it: any other error of a policy (a full queue, an open breaker,
//     a deadline), a policy that did not run the handler, or a limiter that failed.
//
// Both are application/problem+json, with Retry-After where the time is known. The response is never
// wrapped beyond otelhttp, which keeps Flusher, Hijacker and ReaderFrom.
//
// The handler runs at most once: a policy that runs its task again (a retry) is told an error of
// class invalid. Once the handler has started, the response is its own, whatever policies return.
// To policies a handler that returns has succeeded, whatever its status, and one that panics has
// failed; the panic goes on to the server after they were told. [WithFailures] makes failures of some
// statuses.
//
// Policies that only admit (limits, breakers: whatever is a core.Admitter) cost no allocation and no copy
// of the request. One that changes the context costs both.
type Middleware struct {
	limiter limit.KeyedLimiter // nil: no limit
	key     func(*http.Request) string
	onError FailureMode
	fields  quotaFields
	quota   string // the limiter's policy, as clients know it

	name   string
	policy core.Policy // nil: none
	gate   *core.Gate  // the policy when it only admits, else nil
	outer  []func(next http.Handler) http.Handler
	inst   serverInstrument

	importance func(*http.Request) limit.Importance // nil: all alike
	failures   func(status int) bool                // nil: none
	retryAfter time.Duration                        // of who found no room; not above 0: not told
	overQuota  *problem
	noRoom     *problem
}

// NewMiddleware makes a Middleware. The name is its errors' subject, and what telemetry and clients
// know it by where nothing else is set. A wrong config is an error that names every field at fault.
func NewMiddleware(name string, cfg MiddlewareConfig, opts ...MiddlewareOption) (*Middleware, error) {
	var o middlewareOptions
	for _, opt := range opts {
		if opt != nil {
			opt.applyMiddleware(&o)
		}
	}
	var faults core.Faults
	faults.Require(o.importance == nil || len(o.policies) > 0, "WithImportance", len(o.policies), "needs WithPolicies, with a limit that waits")
	faults.Require(o.failures == nil || len(o.policies) > 0, "WithFailures", len(o.policies), "needs WithPolicies, to be told of them")
	faults.Require(o.key == nil || o.limiter != nil, "WithKey", o.limiter, "needs WithLimit")
	if err := core.Configure("flowhttp", name, errors.Join(cfg.Validate(), faults.Err())); err != nil {
		return nil, err
	}
	if o.key == nil {
		o.key = ClientKey(cfg.TrustedProxies...)
	}
	cfg = cfg.withDefaults(name)
	m := &Middleware{
		limiter: o.limiter,
		key:     o.key,
		onError: cfg.OnLimiterError,
		quota:   name,
		name:    name,
		policy:  o.policy(),
		outer:   o.outer,
		inst:    newServerInstrument(cfg, &o.options),

		importance: o.importance,
		failures:   o.failures,
		retryAfter: cfg.RetryAfter,
		noRoom:     reducedCapacity(),
	}
	if named, ok := o.limiter.(interface{ Name() string }); ok {
		m.quota = named.Name()
	}
	m.gate, _ = core.GateOf(m.policy)
	m.overQuota = quotaExceeded(m.quota)
	m.fields = newQuotaFields(cfg.Headers, m.quota)
	return m, nil
}

// Name is the name the middleware was made with.
func (m *Middleware) Name() string { return m.name }

// Wrap guards next. Around an http.ServeMux, spans and metrics carry the matched pattern as
// http.route.
func (m *Middleware) Wrap(next http.Handler) http.Handler {
	var guarded http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !m.withinLimit(w, r) {
			return
		}
		if m.policy == nil {
			next.ServeHTTP(w, r)
			return
		}
		if refused, err := m.guard(w, r, next); refused {
			m.refuse(w, r, err)
		}
	})
	for _, wrap := range slices.Backward(m.outer) {
		guarded = wrap(guarded)
	}
	return m.inst.wrap(guarded)
}

// withinLimit takes a permit for r, or answers it.
func (m *Middleware) withinLimit(w http.ResponseWriter, r *http.Request) bool {
	if m.limiter == nil {
		return true
	}
	d, err := m.limiter.Take(r.Context(), m.key(r), 1)
	if err != nil {
		if m.onError == FailOpen {
			m.inst.failed(r, core.ErrorType(err))
			return true
		}
		m.refuse(w, r, err)
		return false
	}
	m.fields.set(w.Header(), d)
	if !d.Allowed {
		m.inst.failed(r, core.TypeRateLimited)
		m.overQuota.write(w, max(d.RetryAfter, d.NextAfter), true)
	}
	return d.Allowed
}

// refuse answers a request the handler never saw; err is nil when a policy skipped it silently.
func (m *Middleware) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil {
		err = &misuseError{m.name, "a policy did not run the handler"}
	}
	class := core.ErrorType(err)
	m.inst.failed(r, class)
	p := m.noRoom
	after, known := core.RetryAfter(err)
	switch class {
	case core.TypeRateLimited:
		p = quotaExceeded()
		if rejected, ok := errors.AsType[*limit.RejectedError](err); ok {
			p = quotaExceeded(rejected.Limiter)
		}
	case core.TypeQueueFull:
		if !known && m.retryAfter > 0 {
			after, known = m.retryAfter, true
		}
	}
	p.write(w, after, known)
}
