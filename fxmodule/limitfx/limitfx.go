// Package limitfx gives an fx application limiters by name.
//
//	fx.New(
//		limitfx.TokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerSecond(100), Burst: 20}),
//		fx.Invoke(fx.Annotate(serve, fx.ParamTags(`name:"checkout"`))),
//	)
//
// A limiter reports to the application's OpenTelemetry providers, the global ones where it has
// none, and is closed when the application stops.
package limitfx

import (
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/limit"
)

// TokenBucket provides a *limit.TokenBucket, also as a limit.Limiter, under the name.
func TokenBucket(name string, cfg limit.TokenBucketConfig, opts ...limit.Option) fx.Option {
	return limiter(name, limit.NewTokenBucket, cfg, opts)
}

// Sharded provides a *limit.ShardedBucket, also as a limit.Limiter, under the name.
func Sharded(name string, cfg limit.ShardedConfig, opts ...limit.Option) fx.Option {
	return limiter(name, limit.NewSharded, cfg, opts)
}

// LeakyBucket provides a *limit.LeakyBucket, also as a limit.Limiter, under the name.
func LeakyBucket(name string, cfg limit.LeakyBucketConfig, opts ...limit.Option) fx.Option {
	return limiter(name, limit.NewLeakyBucket, cfg, opts)
}

// FixedWindow provides a *limit.FixedWindow, also as a limit.Limiter, under the name.
func FixedWindow(name string, cfg limit.WindowConfig, opts ...limit.Option) fx.Option {
	return limiter(name, limit.NewFixedWindow, cfg, opts)
}

// SlidingWindow provides a *limit.SlidingWindow, also as a limit.Limiter, under the name.
func SlidingWindow(name string, cfg limit.WindowConfig, opts ...limit.Option) fx.Option {
	return limiter(name, limit.NewSlidingWindow, cfg, opts)
}

// SlidingLog provides a *limit.SlidingLog, also as a limit.Limiter, under the name.
func SlidingLog(name string, cfg limit.WindowConfig, opts ...limit.Option) fx.Option {
	return limiter(name, limit.NewSlidingLog, cfg, opts)
}

// Keyed provides a *limit.Keyed, also as a limit.KeyedLimiter, under the name.
func Keyed(name string, cfg limit.KeyedConfig, opts ...limit.Option) fx.Option {
	return named(name, limit.NewKeyed, cfg, opts, fx.As(new(limit.KeyedLimiter)))
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

type params struct {
	fx.In

	Lifecycle fx.Lifecycle
	Providers otelin.In
}

// constructor is what package limit makes a limiter with.
type constructor[C any, L interface{ Close() }] = func(name string, cfg C, opts ...limit.Option) (L, error)

// limiter provides what construct makes, also as a limit.Limiter.
func limiter[C any, L interface {
	limit.Limiter
	Close()
}](name string, construct constructor[C, L], cfg C, opts []limit.Option) fx.Option {
	return named(name, construct, cfg, opts, fx.As(new(limit.Limiter)))
}

// named provides what construct makes under the name, and as more if told so. The application's
// providers come before opts, so that opts win.
func named[C any, L interface{ Close() }](
	name string, construct constructor[C, L], cfg C, opts []limit.Option, as ...fx.Annotation,
) fx.Option {
	provide := func(p params) (L, error) {
		l, err := construct(name, cfg, append([]limit.Option{limit.WithTelemetry(p.Providers.Options()...)}, opts...)...)
		if err == nil {
			p.Lifecycle.Append(fx.StopHook(l.Close))
		}
		return l, err
	}
	annotations := append([]fx.Annotation{fx.ResultTags(fmt.Sprintf(`name:%q`, name)), fx.As(fx.Self())}, as...)
	return fx.Module("goflow.limit", fx.Provide(fx.Annotate(provide, annotations...)))
}
