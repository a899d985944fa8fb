// Package httpfx serves HTTP in an fx application, and sends it.
//
//	fx.New(
//		fxmodule.Module,
//		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(20), Burst: 40}),
//		httpfx.AsHandler("api", newMux), // newMux takes what it likes from the graph
//		httpfx.Serve("api", httpfx.Config{
//			Server: flowhttp.ServerConfig{Addr: "127.0.0.1:8080"},
//			Limit:  "clients",
//		}),
//	).Run()
//
// The server listens before the application has started, so an address in use fails the start. When
// serving fails later, the application shuts down with exit code 1. On stop, the server takes no new
// connection and lets requests in flight finish. What is made here reports to the application's
// OpenTelemetry providers, the global ones where it has none.
package httpfx

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
	"github.com/goflow-go/goflow/limit"
)

// Config is the config of [Serve].
type Config struct {
	// Server is the config of the server. Its Addr is required.
	Server flowhttp.ServerConfig `json:"server" yaml:"server"`
	// Middleware is the config of the middleware around the handler.
	Middleware flowhttp.MiddlewareConfig `json:"middleware" yaml:"middleware"`
	// Limit is the name of the limit.KeyedLimiter in the graph that limits each client. Defaults
	// to no limit.
	Limit string `json:"limit" yaml:"limit"`
	// Concurrency is the name of the *limit.Concurrency in the graph that bounds how many requests are
	// served at the same time. Defaults to no bound.
	Concurrency string `json:"concurrency" yaml:"concurrency"`
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error { return errors.Join(c.Server.Validate(), c.Middleware.Validate()) }

// Serve serves the http.Handler under the name behind a flowhttp.Middleware of the same name, and
// provides its *flowhttp.Server under it.
func Serve(name string, cfg Config, opts ...flowhttp.MiddlewareOption) fx.Option {
	optional := func(name string) string {
		if name == "" {
			return ` optional:"true"`
		}
		return named(name)
	}
	return fx.Module("goflow.http",
		fx.Provide(fx.Private, servicefx.New, otelin.New),
		fx.Provide(fx.Annotate(
			func(
				runner *servicefx.Runner, p otelin.Providers, h http.Handler,
				l limit.KeyedLimiter, permits *limit.Concurrency, more []flowhttp.MiddlewareOption,
			) (*flowhttp.Server, error) {
				all := []flowhttp.MiddlewareOption{flowhttp.WithTelemetry(p.Options...), flowhttp.WithPropagators(p.Propagator)}
				if cfg.Concurrency != "" {
					all = append(all, flowhttp.WithPolicies(permits))
				}
				all = slices.Concat(all, opts, more)
				if cfg.Limit != "" {
					all = append(all, flowhttp.WithLimit(l))
				}
				s, err := newServer(name, cfg, h, all)
				if err != nil {
					return nil, err
				}
				runner.Run(name, s)
				return s, nil
			},
			fx.ParamTags(``, ``, named(name), optional(cfg.Limit), optional(cfg.Concurrency), options(name)), fx.ResultTags(named(name)),
		)),
		fx.Invoke(fx.Annotate(func(*flowhttp.Server) {}, fx.ParamTags(named(name)))),
	)
}

// newServer makes a server with the middleware around its handler.
func newServer(name string, cfg Config, h http.Handler, opts []flowhttp.MiddlewareOption) (*flowhttp.Server, error) {
	if err := core.Configure("httpfx", name, cfg.Validate()); err != nil {
		return nil, err
	}
	m, err := flowhttp.NewMiddleware(name, cfg.Middleware, opts...)
	if err != nil {
		return nil, err
	}
	return flowhttp.NewServer(name, cfg.Server, m.Wrap(h))
}

// AsHandler provides what constructor makes as the http.Handler under the name. The constructor takes
// what it likes from the graph (named values in a parameter object).
func AsHandler(name string, constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.As(new(http.Handler)), fx.ResultTags(named(name))))
}

// AsOption provides what constructor makes as a flowhttp.MiddlewareOption of the server of the name: a
// policy or a handler around it that needs what is in the graph.
func AsOption(name string, constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.As(new(flowhttp.MiddlewareOption)), fx.ResultTags(options(name))))
}

// Transport provides a *flowhttp.Transport under the name, for an http.Client. Its idle connections
// are closed when the application stops.
func Transport(name string, cfg flowhttp.TransportConfig, opts ...flowhttp.TransportOption) fx.Option {
	return fx.Provide(fx.Annotate(
		func(lc fx.Lifecycle, p otelin.In) (*flowhttp.Transport, error) {
			t, err := flowhttp.NewTransport(name, cfg, append([]flowhttp.TransportOption{
				flowhttp.WithTelemetry(p.Options()...),
				flowhttp.WithPropagators(p.Propagator),
			}, opts...)...)
			if err == nil {
				lc.Append(fx.StopHook(t.CloseIdleConnections))
			}
			return t, err
		},
		fx.ResultTags(named(name)),
	))
}

// Client provides a *flowhttp.Client under the name, and its *http.Client under the same. It is closed
// when the application stops.
func Client(name string, cfg flowhttp.ClientConfig, opts ...flowhttp.TransportOption) fx.Option {
	return fx.Module("goflow.http.client", fx.Provide(fx.Annotate(
		func(lc fx.Lifecycle, p otelin.In) (*flowhttp.Client, *http.Client, error) {
			c, err := flowhttp.NewClient(name, cfg, append([]flowhttp.TransportOption{
				flowhttp.WithTelemetry(p.Options()...),
				flowhttp.WithPropagators(p.Propagator),
			}, opts...)...)
			if err != nil {
				return nil, nil, err
			}
			lc.Append(fx.StopHook(c.Close))
			return c, c.Client, nil
		},
		fx.ResultTags(named(name), named(name)),
	)))
}

// options is the group of the options of a server.
func options(name string) string { return fmt.Sprintf(`group:"goflow.http.%s"`, name) }

func named(name string) string { return fmt.Sprintf(`name:%q`, name) }
