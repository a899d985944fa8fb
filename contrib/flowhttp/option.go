package flowhttp

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
)

// MiddlewareOption configures a [Middleware] from code.
type MiddlewareOption interface{ applyMiddleware(*middlewareOptions) }

// TransportOption configures a [Transport] from code.
type TransportOption interface{ applyTransport(*transportOptions) }

// Option configures either.
type Option interface {
	MiddlewareOption
	TransportOption
}

type options struct {
	policies    []core.Policy
	telemetry   []telemetry.Option
	propagators propagation.TextMapPropagator
}

type middlewareOptions struct {
	options
	limiter limit.KeyedLimiter
	key     func(*http.Request) string
	outer   []func(next http.Handler) http.Handler

	importance func(*http.Request) limit.Importance
	failures   func(status int) bool
}

type transportOptions struct {
	options
	base       http.RoundTripper
	repeatable func(*http.Request) bool
	hedge      core.Policy
	stack      []resilience.Option
}

type optionFunc func(*options)

func (f optionFunc) applyMiddleware(o *middlewareOptions) { f(&o.options) }
func (f optionFunc) applyTransport(o *transportOptions)   { f(&o.options) }

type middlewareOptionFunc func(*middlewareOptions)

func (f middlewareOptionFunc) applyMiddleware(o *middlewareOptions) { f(o) }

type transportOptionFunc func(*transportOptions)

func (f transportOptionFunc) applyTransport(o *transportOptions) { f(o) }

// WithPolicies runs every request under policies, the first outermost; given again, further in.
// Defaults to none. What a policy may do with a request is described at [Middleware] and at
// [Transport].
func WithPolicies(policies ...core.Policy) Option {
	return optionFunc(func(o *options) { o.policies = append(o.policies, policies...) })
}

// WithTelemetry sets where spans and metrics go. Defaults to the global providers. Both are made by
// otelhttp, so when there is a span is for the tracer provider's sampler to say, and
// telemetry.WithSpans changes nothing.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
}

// WithPropagators sets how the trace is read from and written to request headers. Defaults to the
// global propagator; nil leaves the default.
func WithPropagators(p propagation.TextMapPropagator) Option {
	return optionFunc(func(o *options) { o.propagators = p })
}

// WithLimit takes a permit from l for each request before anything else, by the client's key (see
// [WithKey]). Its name, when it has a method Name() string, is the name of the policy in RateLimit
// headers; otherwise that is the middleware's. Defaults to no limit.
func WithLimit(l limit.KeyedLimiter) MiddlewareOption {
	return middlewareOptionFunc(func(o *middlewareOptions) { o.limiter = l })
}

// WithKey sets which key of [WithLimit]'s limiter a request belongs to: a tenant, an API key. All
// requests whose key is "" share that one, so they are limited together rather than not at all. The
// function is called from many goroutines. Defaults to [ClientKey] with the config's TrustedProxies.
func WithKey(key func(*http.Request) string) MiddlewareOption {
	return middlewareOptionFunc(func(o *middlewareOptions) { o.key = key })
}

// WithOuter puts what wrap makes around all that the middleware does but the span: it sees every
// request and every answer, those of the limit and the policies too, as an access log must. Given
// again, further in.
func WithOuter(wrap func(next http.Handler) http.Handler) MiddlewareOption {
	return middlewareOptionFunc(func(o *middlewareOptions) { o.outer = append(o.outer, wrap) })
}

// WithImportance tells the policies how important a request is, so that a limit.Concurrency or
// limit.Adaptive that waits refuses first what matters least, with 503 and Retry-After: see
// limit.WithImportance. The function is called from many goroutines; it must not believe what any client
// may say (see [HeaderImportance]). Defaults to all alike. It needs [WithPolicies].
func WithImportance(of func(*http.Request) limit.Importance) MiddlewareOption {
	return middlewareOptionFunc(func(o *middlewareOptions) { o.importance = of })
}

// WithFailures sets which statuses of a handler's answer are told to the policies as a failure, a
// [*StatusError]: a breaker, or an adaptive limit, that guards a handler needs to know. A client sees the
// handler's answer all the same. Of the response's faces, the handler keeps those of net/http's own. The
// function is called from many goroutines. Defaults to none. It needs [WithPolicies].
func WithFailures(failure func(status int) bool) MiddlewareOption {
	return middlewareOptionFunc(func(o *middlewareOptions) { o.failures = failure })
}

// WithBase sets what sends the requests. Defaults to http.DefaultTransport; nil leaves the default.
func WithBase(base http.RoundTripper) TransportOption {
	return transportOptionFunc(func(o *transportOptions) { o.base = base })
}

// WithRepeatable sets which requests may be sent more than once, given that their body can be copied. The
// function is called from many goroutines. Defaults to [Repeatable].
func WithRepeatable(repeatable func(*http.Request) bool) TransportOption {
	return transportOptionFunc(func(o *transportOptions) { o.repeatable = repeatable })
}

// WithHedge runs requests that only read (GET, HEAD, OPTIONS and TRACE, without a body and without an
// Upgrade) under one more policy, innermost: a resilience.Hedge. The first good answer is returned; the
// context of the others ends, and their body is closed if they have one. Defaults to none.
func WithHedge(hedge core.Policy) TransportOption {
	return transportOptionFunc(func(o *transportOptions) { o.hedge = hedge })
}

// WithResilience gives options to the stack of a [Client] (which errors are retried, what is a failure to
// the breaker), after the client's own. A [Transport] of one's own has no such stack.
func WithResilience(opts ...resilience.Option) TransportOption {
	return transportOptionFunc(func(o *transportOptions) { o.stack = append(o.stack, opts...) })
}

// policy composes the policies; nil without any.
func (o *options) policy() core.Policy {
	if len(o.policies) == 0 {
		return nil
	}
	return core.Compose(o.policies...)
}

// otelhttp says the same to the library that instruments.
func (o *options) otelhttp() []otelhttp.Option {
	tracers, meters := telemetry.Providers(o.telemetry...)
	return []otelhttp.Option{
		otelhttp.WithTracerProvider(tracers),
		otelhttp.WithMeterProvider(meters),
		otelhttp.WithPropagators(o.propagators),
	}
}
