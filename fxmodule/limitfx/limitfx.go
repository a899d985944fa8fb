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
	return named(name, func(p params) (*limit.TokenBucket, error) {
		b, err := limit.NewTokenBucket(name, cfg, p.options(opts)...)
		if err == nil {
			p.Lifecycle.Append(fx.StopHook(b.Close))
		}
		return b, err
	}, new(limit.Limiter))
}

// Keyed provides a *limit.Keyed, also as a limit.KeyedLimiter, under the name.
func Keyed(name string, cfg limit.KeyedConfig, opts ...limit.Option) fx.Option {
	return named(name, func(p params) (*limit.Keyed, error) {
		k, err := limit.NewKeyed(name, cfg, p.options(opts)...)
		if err == nil {
			p.Lifecycle.Append(fx.StopHook(k.Close))
		}
		return k, err
	}, new(limit.KeyedLimiter))
}

type params struct {
	fx.In

	Lifecycle fx.Lifecycle
	Providers otelin.In
}

// options puts the application's providers before opts, so that opts win.
func (p params) options(opts []limit.Option) []limit.Option {
	return append([]limit.Option{limit.WithTelemetry(p.Providers.Options()...)}, opts...)
}

// named provides what constructor makes, as it is and as the interface, under the name.
func named(name string, constructor, iface any) fx.Option {
	return fx.Module("goflow.limit",
		fx.Provide(fx.Annotate(constructor,
			fx.As(fx.Self()), fx.As(iface),
			fx.ResultTags(fmt.Sprintf(`name:%q`, name)),
		)),
	)
}
