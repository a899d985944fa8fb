package flowgrpc

import (
	"context"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
)

// GuardOption configures a [Guard] from code.
type GuardOption interface{ applyGuard(*guardOptions) }

// ClientOption configures a [Client] from code.
type ClientOption interface{ applyClient(*clientOptions) }

// Option configures either.
type Option interface {
	GuardOption
	ClientOption
}

type options struct {
	policies    []core.Policy
	unary       []core.Policy
	telemetry   []telemetry.Option
	propagators propagation.TextMapPropagator
}

type guardOptions struct {
	options
	limiter limit.KeyedLimiter
	key     func(ctx context.Context, fullMethod string) string
	exempt  []string
	onPanic func(ctx context.Context, fullMethod string, p *core.PanicError)
}

type clientOptions struct {
	options
	idempotent func(fullMethod string) bool
}

type optionFunc func(*options)

func (f optionFunc) applyGuard(o *guardOptions)   { f(&o.options) }
func (f optionFunc) applyClient(o *clientOptions) { f(&o.options) }

type guardOptionFunc func(*guardOptions)

func (f guardOptionFunc) applyGuard(o *guardOptions) { f(o) }

type clientOptionFunc func(*clientOptions)

func (f clientOptionFunc) applyClient(o *clientOptions) { f(o) }

// WithPolicies runs every call, unary and stream, under policies, the first outermost; given again,
// further in. Defaults to none. What a policy may do with a call is described at [Guard] and at
// [Client].
func WithPolicies(policies ...core.Policy) Option {
	return optionFunc(func(o *options) { o.policies = append(o.policies, policies...) })
}

// WithUnaryPolicies runs unary calls under policies, inside those of [WithPolicies]: a timeout, say,
// that no stream could keep. Given again, further in. Defaults to none.
func WithUnaryPolicies(policies ...core.Policy) Option {
	return optionFunc(func(o *options) { o.unary = append(o.unary, policies...) })
}

// WithTelemetry sets where spans and metrics go. Defaults to the global providers. Both are made by
// otelgrpc, so when there is a span is for the tracer provider's sampler to say, and
// telemetry.WithSpans changes nothing.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
}

// WithPropagators sets how the trace is read from and written to metadata. Defaults to the global
// propagator; nil leaves the default.
func WithPropagators(p propagation.TextMapPropagator) Option {
	return optionFunc(func(o *options) { o.propagators = p })
}

// WithLimit takes a permit from l for each call before anything else, by the client's key (see
// [WithKey]). Its name, when it has a method Name() string, is the subject of the QuotaFailure in
// refusals; otherwise that is the guard's. Defaults to no limit.
func WithLimit(l limit.KeyedLimiter) GuardOption {
	return guardOptionFunc(func(o *guardOptions) { o.limiter = l })
}

// WithKey sets which key of [WithLimit]'s limiter a call belongs to: a tenant, an API key, a method.
// All calls whose key is "" share that one, so they are limited together rather than not at all. The
// full method is as gRPC spells it, "/package.Service/Method". The function is called from many
// goroutines, once for each call. Defaults to [ClientKey] with the config's TrustedProxies.
func WithKey(key func(ctx context.Context, fullMethod string) string) GuardOption {
	return guardOptionFunc(func(o *guardOptions) { o.key = key })
}

// WithExempt lets calls to services pass without limit and policies, by their full names:
// "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection". Their panics are still contained,
// and their telemetry is made. Given again, it adds. Defaults to none: what is exempt is open to floods.
func WithExempt(services ...string) GuardOption {
	return guardOptionFunc(func(o *guardOptions) { o.exempt = append(o.exempt, services...) })
}

// WithOnPanic sets what is told of a handler's panic, whose text the client does not see. It is called
// in the call's goroutine. Defaults to an error record with the stack in slog's default logger.
func WithOnPanic(f func(ctx context.Context, fullMethod string, p *core.PanicError)) GuardOption {
	return guardOptionFunc(func(o *guardOptions) { o.onPanic = f })
}

// WithIdempotent sets which methods may be run more than once, by their full method,
// "/package.Service/Method". Defaults to [DeclaredIdempotent]. See [Client] for what is sent again
// of the others.
func WithIdempotent(is func(fullMethod string) bool) ClientOption {
	return clientOptionFunc(func(o *clientOptions) { o.idempotent = is })
}

// forStreams composes the policies of a stream; nil without any.
func (o *options) forStreams() core.Policy { return compose(o.policies) }

// forUnary composes the policies of a unary call; nil without any.
func (o *options) forUnary() core.Policy {
	return compose(append(o.policies[:len(o.policies):len(o.policies)], o.unary...))
}

func compose(policies []core.Policy) core.Policy {
	if len(policies) == 0 {
		return nil
	}
	return core.Compose(policies...)
}

// otelgrpc says the same to the library that instruments.
func (o *options) otelgrpc() []otelgrpc.Option {
	tracers, meters := telemetry.Providers(o.telemetry...)
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(tracers),
		otelgrpc.WithMeterProvider(meters),
		otelgrpc.WithPropagators(o.propagators),
	}
}
