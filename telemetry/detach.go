package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/internal/label"
)

// Detach makes a context for work that outlives its caller. It keeps the span context, the baggage
// and the values under keys, and drops the end of ctx, its deadline and every other value, so
// waiting work pins nothing of the request that asked for it. The span context is kept for linking
// and for logs; it does not record.
func Detach(ctx context.Context, keys ...any) context.Context {
	detached := context.Background()
	for _, key := range keys {
		if v := ctx.Value(key); v != nil {
			detached = context.WithValue(detached, key, v)
		}
	}
	if b := baggage.FromContext(ctx); b.Len() > 0 {
		detached = baggage.ContextWithBaggage(detached, b)
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		detached = trace.ContextWithSpanContext(detached, sc)
	}
	return detached
}

// Labeled runs f in the calling goroutine under pprof labels goflow.kind and goflow.name. Every
// goroutine goflow starts begins with it:
//
//	go telemetry.Labeled(ctx, "pool", p.name, p.work)
func Labeled(ctx context.Context, kind, name string, f func(ctx context.Context)) {
	label.Do(ctx, kind, name, f)
}
