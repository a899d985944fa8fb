// Package resiliencefx gives an fx application resilience policies by name.
//
//	fx.New(
//		resiliencefx.Breaker("payments", resilience.BreakerConfig{}),
//		fx.Invoke(fx.Annotate(serve, fx.ParamTags(`name:"payments"`))),
//	)
//
// A policy reports to the application's OpenTelemetry providers, the global ones where it has none,
// and is closed when the application stops. In an application with a console it is known there: a breaker
// can be opened and closed. Policies of different types may share a name: a breaker
// and a retry "payments". The limit in front of a [Standard] stack is put there in code, with
// core.Compose, since a limit's type is for the application to choose.
package resiliencefx

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/fxmodule/internal/engines"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
)

// Standard provides a *resilience.Standard under the name.
func Standard(name string, cfg resilience.StandardConfig, opts ...resilience.Option) fx.Option {
	return named(name, resilience.NewStandard, cfg, opts, func(s *resilience.Standard) []flowadmin.Engine {
		return []flowadmin.Engine{flowadmin.Breaker(s.Breaker()), flowadmin.Described("retry", s.Retry())}
	})
}

// Retry provides a *resilience.Retry under the name.
func Retry(name string, cfg resilience.RetryConfig, opts ...resilience.Option) fx.Option {
	return named(name, resilience.NewRetry, cfg, opts, described[*resilience.Retry]("retry"))
}

// Breaker provides a *resilience.Breaker under the name.
func Breaker(name string, cfg resilience.BreakerConfig, opts ...resilience.Option) fx.Option {
	return named(name, resilience.NewBreaker, cfg, opts, func(b *resilience.Breaker) []flowadmin.Engine {
		return []flowadmin.Engine{flowadmin.Breaker(b)}
	})
}

// Timeout provides a *resilience.Timeout under the name.
func Timeout(name string, cfg resilience.TimeoutConfig, opts ...resilience.Option) fx.Option {
	return named(name, resilience.NewTimeout, cfg, opts, described[*resilience.Timeout]("timeout"))
}

// Hedge provides a *resilience.Hedge under the name.
func Hedge(name string, cfg resilience.HedgeConfig, opts ...resilience.Option) fx.Option {
	return named(name, resilience.NewHedge, cfg, opts, described[*resilience.Hedge]("hedge"))
}

// Fallback provides a *resilience.Fallback under the name.
func Fallback(name string, fall func(ctx context.Context, err error) error, opts ...resilience.Option) fx.Option {
	return named(name, resilience.NewFallback, fall, opts, described[*resilience.Fallback]("fallback"))
}

// described gives the engine of a policy that is only looked at.
func described[P flowadmin.Named](kind string) func(P) []flowadmin.Engine {
	return func(p P) []flowadmin.Engine { return []flowadmin.Engine{flowadmin.Described(kind, p)} }
}

type params struct {
	fx.In

	Lifecycle fx.Lifecycle
	Providers otelin.In
	Engines   engines.In
}

// named provides what construct makes under the name, and makes its engines known to the console. The
// application's providers come before opts, so that opts win.
func named[C any, P interface{ Close() }](
	name string, construct func(string, C, ...resilience.Option) (P, error), cfg C, opts []resilience.Option,
	engines func(P) []flowadmin.Engine,
) fx.Option {
	provide := func(in params) (P, error) {
		p, err := construct(name, cfg, append([]resilience.Option{resilience.WithTelemetry(in.Providers.Options()...)}, opts...)...)
		if err == nil {
			in.Lifecycle.Append(fx.StopHook(p.Close))
			in.Engines.Known(engines(p)...)
		}
		return p, err
	}
	return fx.Module("goflow.resilience",
		fx.Provide(fx.Annotate(provide, fx.ResultTags(fmt.Sprintf(`name:%q`, name)))))
}
