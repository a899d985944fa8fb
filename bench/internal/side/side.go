// Package side measures implementations of the same thing side by side: each as an application has
// it, each called in the same way.
package side

import (
	"context"
	"sync"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/goflow-go/goflow/telemetry"
)

// SDK is what an application has set up: one for the process.
var SDK = sync.OnceValue(func() []telemetry.Option {
	return []telemetry.Option{
		telemetry.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))),
		telemetry.WithTracerProvider(Tracing()),
	}
})

// Sampled is SDK with a sampler that keeps one root in a hundred, as many applications have it.
var Sampled = sync.OnceValue(func() []telemetry.Option {
	sampler := sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0.01))
	return append(SDK(), telemetry.WithTracerProvider(sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sampler), sdktrace.WithSpanProcessor(discard{}))))
})

// Tracing is the SDK's tracer provider. Its spans record and go nowhere.
var Tracing = sync.OnceValue(func() *sdktrace.TracerProvider {
	return sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(discard{}))
})

// discard is a span processor that keeps nothing.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

// Impl is an implementation: Make gives the operation, which reports whether it went through.
type Impl struct {
	Name string
	Make func(testing.TB) func() bool
}

// Run measures each implementation as impl=Name/serial and impl=Name/parallel. A benchmark fails when
// an operation does not report what is wanted.
func Run(b *testing.B, impls []Impl, want bool) {
	b.Helper()
	for _, i := range impls {
		b.Run("impl="+i.Name, func(b *testing.B) {
			do := i.Make(b)
			b.Run("serial", func(b *testing.B) { Serial(b, do, want) })
			b.Run("parallel", func(b *testing.B) { Parallel(b, 1, do, want) })
		})
	}
}

// Serial measures an operation in one goroutine.
func Serial(b *testing.B, do func() bool, want bool) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if do() != want {
			b.Fatalf("got %t, want %t", !want, want)
		}
	}
}

// Parallel measures an operation in so many goroutines for each processor.
func Parallel(b *testing.B, goroutines int, do func() bool, want bool) {
	b.Helper()
	b.ReportAllocs()
	b.SetParallelism(goroutines)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if do() != want {
				b.Errorf("got %t, want %t", !want, want)
				return
			}
		}
	})
}
