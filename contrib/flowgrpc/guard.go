package flowgrpc

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// Guard guards gRPC handlers: with a limit for each client, and with policies. Make one with
// [NewGuard]; most callers want [Guard.ServerOptions]. It is safe for concurrent use.
//
// A call passes, from the outside in: otelgrpc's span and metrics; a look at its deadline; the limit of
// [WithLimit]; the policies of [WithPolicies] and, when it is unary, of [WithUnaryPolicies]; the handler.
// What it is refused for decides the code:
//
//   - ResourceExhausted when a limit said no: the client's own quota, or a policy whose error is of
//     class rate_limited. A QuotaFailure names the limit.
//   - DeadlineExceeded and Canceled when the call's context has ended, or an error of a policy is of
//     class timeout or canceled.
//   - Unavailable when the server cannot take it: any other error of a policy (a full queue, an open
//     breaker), a policy that did not run the handler, or a limiter that failed.
//
// The first and the last have a RetryInfo where the time is known, and the trailer
// grpc-retry-pushback-ms, which the retries of gRPC's own clients heed; above 30 s it asks them not to
// retry.
//
// Policies hold a call from before its handler to after it: a stream holds its permits as long as it
// lives. The handler runs at most once: a policy that runs its task again (a retry) is told an error of
// class invalid. Once the handler has started, its answer counts, whatever policies return. A
// timeout policy is the most a call may take on this server: it shortens the context of the handler,
// which heeds it. Policies are told a [*StatusError] of a handler that failed, a *core.PanicError of one
// that panicked, and nothing of one whose answer blames the caller (InvalidArgument, NotFound and the
// like). Of a panic the client sees the code Internal and no more.
type Guard struct {
	limiter  limit.KeyedLimiter // nil: no limit
	key      func(ctx context.Context, fullMethod string) string
	onError  FailureMode
	messages Messages
	quota    string // the limiter's name, as clients know it

	name    string
	unary   core.Policy // nil: none
	streams core.Policy // nil: none
	exempt  map[string]bool
	onPanic func(ctx context.Context, fullMethod string, p *core.PanicError)
	traced  stats.Handler
}

// NewGuard makes a Guard. The name is its errors' subject, and what clients know its limit by when that
// has no name. A wrong config is an error that names every field at fault.
func NewGuard(name string, cfg GuardConfig, opts ...GuardOption) (*Guard, error) {
	o := guardOptions{onPanic: logPanic}
	for _, opt := range opts {
		if opt != nil {
			opt.applyGuard(&o)
		}
	}
	var faults core.Faults
	faults.Require(o.key == nil || o.limiter != nil, "WithKey", o.limiter, "needs WithLimit")
	faults.Require(cfg.Messages == MessagesFree || o.limiter != nil, "Messages", cfg.Messages, "needs WithLimit")
	if err := core.Configure("flowgrpc", name, errors.Join(cfg.Validate(), faults.Err())); err != nil {
		return nil, err
	}
	if o.key == nil {
		o.key = ClientKey(cfg.TrustedProxies...)
	}
	g := &Guard{
		limiter:  o.limiter,
		key:      o.key,
		onError:  cfg.OnLimiterError,
		messages: cfg.Messages,
		quota:    name,
		name:     name,
		unary:    o.forUnary(),
		streams:  o.forStreams(),
		exempt:   make(map[string]bool),
		onPanic:  o.onPanic,
		traced:   serverHandler(&o.options),
	}
	if named, ok := o.limiter.(interface{ Name() string }); ok {
		g.quota = named.Name()
	}
	for _, service := range o.exempt {
		g.exempt[service] = true
	}
	return g, nil
}

// Name is the name the guard was made with.
func (g *Guard) Name() string { return g.name }

// ServerOptions puts the guard and otelgrpc's span and metrics around every call of a grpc.Server.
// Interceptors of options after these run further in.
func (g *Guard) ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.StatsHandler(g.traced),
		grpc.ChainUnaryInterceptor(g.Unary),
		grpc.ChainStreamInterceptor(g.Stream),
	}
}

// Unary is the guard alone as a grpc.UnaryServerInterceptor.
func (g *Guard) Unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	var res any
	c := call{g: g, method: info.FullMethod, next: func(ctx context.Context) (err error) {
		res, err = handler(ctx, req)
		return err
	}}
	if err := c.serve(ctx, g.unary); err != nil {
		return nil, err
	}
	return res, nil
}

// Stream is the guard alone as a grpc.StreamServerInterceptor.
func (g *Guard) Stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	c := call{g: g, method: info.FullMethod}
	c.next = func(ctx context.Context) error {
		guarded := ss
		if ctx != ss.Context() {
			guarded = &boundStream{ss, ctx}
		}
		if g.messages == MessagesFree || c.free {
			return handler(srv, guarded)
		}
		metered := newMeteredStream(ctx, g, guarded, c.key)
		defer metered.cancel(nil)
		return metered.outcome(handler(srv, metered))
	}
	return c.serve(ss.Context(), g.streams)
}

// exempts reports whether calls of a method pass without limit and policies.
func (g *Guard) exempts(fullMethod string) bool {
	if len(g.exempt) == 0 {
		return false
	}
	service, _, _ := strings.Cut(strings.TrimPrefix(fullMethod, "/"), "/")
	return g.exempt[service]
}
