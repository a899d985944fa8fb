// Package limitfx gives an fx application limiters by name.
//
//	fx.New(
//		limitfx.TokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerSecond(100), Burst: 20}),
//		fx.Invoke(fx.Annotate(serve, fx.ParamTags(`name:"checkout"`))),
//	)
//
// A limiter reports to the application's OpenTelemetry providers, the global ones where it has
// none, and is closed when the application stops. In an application with a console it is known there, with
// what can be changed of it.
//
// # One limit for many processes
//
// When the application has a [Backend], as package redisfx gives it one where addresses of Redis are
// configured, [TokenBucket] and [Keyed] are limits that all its processes share. Nothing else changes
// for who asks for a limit.Limiter or a limit.KeyedLimiter: whether a process has a limit to itself is a
// matter of configuration. Who asks for a *limit.TokenBucket or a *limit.Keyed wants a process's own, and
// is told so by an error when it is shared; [Embedded] keeps it the process's own. The limiters of other
// sorts are always each process's own.
package limitfx

import (
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/fxmodule/internal/engines"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/limit"
)

// TokenBucket provides a limit.Limiter under the name: a *limit.TokenBucket, also as such, or what the
// application's [Backend] makes. Then options are an error.
func TokenBucket(name string, cfg limit.TokenBucketConfig, opts ...limit.Option) fx.Option {
	share := func(b *Backend) maker[limit.TokenBucketConfig, Limiter] { return b.TokenBucket }
	return either[limit.Limiter](name, limit.NewTokenBucket, share, cfg, opts)
}

// Sharded provides a *limit.ShardedBucket, also as a limit.Limiter, under the name.
func Sharded(name string, cfg limit.ShardedConfig, opts ...limit.Option) fx.Option {
	return limiter(name, limit.NewSharded, cfg, opts)
}

// LeakyBucket provides a *limit.LeakyBucket, also as a limit.Limiter, under the name; or as that alone, one that the
// application's [Backend] makes. Then options are an error.
func LeakyBucket(name string, cfg limit.LeakyBucketConfig, opts ...limit.Option) fx.Option {
	share := func(b *Backend) maker[limit.LeakyBucketConfig, Limiter] { return b.LeakyBucket }
	return either[limit.Limiter](name, limit.NewLeakyBucket, share, cfg, opts)
}

// FixedWindow provides a *limit.FixedWindow, also as a limit.Limiter, under the name; or as that alone, one that the
// application's [Backend] makes. Then options are an error.
func FixedWindow(name string, cfg limit.WindowConfig, opts ...limit.Option) fx.Option {
	share := func(b *Backend) maker[limit.WindowConfig, Limiter] { return b.FixedWindow }
	return either[limit.Limiter](name, limit.NewFixedWindow, share, cfg, opts)
}

// SlidingWindow provides a *limit.SlidingWindow, also as a limit.Limiter, under the name; or as that alone, one that the
// application's [Backend] makes. Then options are an error.
func SlidingWindow(name string, cfg limit.WindowConfig, opts ...limit.Option) fx.Option {
	share := func(b *Backend) maker[limit.WindowConfig, Limiter] { return b.SlidingWindow }
	return either[limit.Limiter](name, limit.NewSlidingWindow, share, cfg, opts)
}

// SlidingLog provides a *limit.SlidingLog, also as a limit.Limiter, under the name.
func SlidingLog(name string, cfg limit.WindowConfig, opts ...limit.Option) fx.Option {
	return limiter(name, limit.NewSlidingLog, cfg, opts)
}

// Keyed provides a limit.KeyedLimiter under the name: a *limit.Keyed, also as such, or what the
// application's [Backend] makes. Then options are an error.
func Keyed(name string, cfg limit.KeyedConfig, opts ...limit.Option) fx.Option {
	share := func(b *Backend) maker[limit.KeyedConfig, KeyedLimiter] { return b.Keyed }
	return either[limit.KeyedLimiter](name, limit.NewKeyed, share, cfg, opts)
}

// Concurrency provides a *limit.Concurrency under the name.
func Concurrency(name string, cfg limit.ConcurrencyConfig, opts ...limit.Option) fx.Option {
	return named(name, limit.NewConcurrency, cfg, opts)
}

// Adaptive provides a *limit.Adaptive under the name.
func Adaptive(name string, cfg limit.AdaptiveConfig, opts ...limit.Option) fx.Option {
	return named(name, limit.NewAdaptive, cfg, opts)
}

// Throttle provides a *limit.Throttle under the name.
func Throttle(name string, cfg limit.ThrottleConfig, opts ...limit.Option) fx.Option {
	return named(name, limit.NewThrottle, cfg, opts)
}

// Overload provides a *limit.Overload under the name.
func Overload(name string, cfg limit.OverloadConfig, opts ...limit.Option) fx.Option {
	return named(name, limit.NewOverload, cfg, opts)
}

type params struct {
	fx.In

	Lifecycle fx.Lifecycle
	Providers otelin.In
	Engines   engines.In
}

// constructor is what package limit makes a limiter with.
type constructor[C any, L closer] = func(name string, cfg C, opts ...limit.Option) (L, error)

// limiter provides what construct makes, also as a limit.Limiter.
func limiter[C any, L interface {
	limit.Limiter
	Close()
}](name string, construct constructor[C, L], cfg C, opts []limit.Option) fx.Option {
	return named(name, construct, cfg, opts, fx.As(new(limit.Limiter)))
}

// named provides what construct makes under the name, and as more if told so.
func named[C any, L closer](name string, construct constructor[C, L], cfg C, opts []limit.Option, as ...fx.Annotation) fx.Option {
	provide := func(p params) (L, error) { return makeOwn(p, name, construct, cfg, opts) }
	annotations := append([]fx.Annotation{fx.ResultTags(fmt.Sprintf(`name:%q`, name)), fx.As(fx.Self())}, as...)
	return fx.Module("goflow.limit", fx.Provide(fx.Annotate(provide, annotations...)))
}

// makeOwn makes a limiter of this process. The application's providers come before opts, so that opts win.
func makeOwn[C any, L closer](p params, name string, construct constructor[C, L], cfg C, opts []limit.Option) (L, error) {
	l, err := construct(name, cfg, append([]limit.Option{limit.WithTelemetry(p.Providers.Options()...)}, opts...)...)
	if err == nil {
		p.Lifecycle.Append(fx.StopHook(l.Close))
		known(p.Engines, l)
	}
	return l, err
}

// known makes a limiter known to the console, if it has a name.
func known(in engines.In, l closer) {
	if n, ok := l.(flowadmin.Named); ok {
		in.Known(flowadmin.Limiter(n))
	}
}
