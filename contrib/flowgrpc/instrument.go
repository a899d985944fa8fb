package flowgrpc

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/stats"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// serverHandler is otelgrpc's instrumentation of a server.
func serverHandler(o *options) stats.Handler { return otelgrpc.NewServerHandler(o.otelgrpc()...) }

// failed notes on the server span why a call was refused, or passed without a limit.
func failed(ctx context.Context, class string) {
	trace.SpanFromContext(ctx).SetAttributes(flowconv.ErrorTypeKey.String(class))
}

// panicked tells of a handler's panic all that its client is not told.
func (g *Guard) panicked(ctx context.Context, fullMethod string, p *core.PanicError) {
	failed(ctx, core.TypePanic)
	if g.onPanic != nil {
		g.onPanic(ctx, fullMethod, p)
	}
}

// logPanic is the default of WithOnPanic.
func logPanic(ctx context.Context, fullMethod string, p *core.PanicError) {
	slog.ErrorContext(ctx, "flowgrpc: handler panicked", "method", fullMethod, "panic", p.Value, "stack", string(p.Stack))
}

// attemptKey is the context key of which attempt of a call it is, from 1.
type attemptKey struct{}

// numbering marks the spans of further attempts, after otelgrpc has made them.
type numbering struct{}

func (numbering) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	if n, ok := ctx.Value(attemptKey{}).(int); ok {
		trace.SpanFromContext(ctx).SetAttributes(flowconv.RetryAttemptKey.Int(n))
	}
	return ctx
}

func (numbering) HandleRPC(context.Context, stats.RPCStats) {}

func (numbering) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (numbering) HandleConn(context.Context, stats.ConnStats) {}
