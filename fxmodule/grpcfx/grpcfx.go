// Package grpcfx serves gRPC in an fx application, and calls it.
//
//	fx.New(
//		fxmodule.Module,
//		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(20), Burst: 40}),
//		grpcfx.AsService("api", newGreeter), // newGreeter takes what it likes from the graph
//		grpcfx.Serve("api", grpcfx.Config{
//			Server: flowgrpc.ServerConfig{Addr: "127.0.0.1:9090"},
//			Limit:  "clients",
//		}),
//		grpcfx.Client("payments", grpcfx.ClientConfig{Target: "dns:///payments:443"}),
//	).Run()
//
// The server listens before the application has started, so an address in use fails the start. When
// serving fails later, the application shuts down with exit code 1. On stop, the server takes no new
// call and lets those in flight finish. Its health service answers from the application's registry, so
// that it is NOT_SERVING first thing on the way down. What is made here reports to the application's
// OpenTelemetry providers, the global ones where it has none.
package grpcfx

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"go.uber.org/fx"
	"google.golang.org/grpc"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/fxmodule/internal/ctor"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
	"github.com/goflow-go/goflow/limit"
)

// Config is the config of [Serve].
type Config struct {
	// Server is the config of the server. Its Addr is required.
	Server flowgrpc.ServerConfig `json:"server" yaml:"server"`
	// Guard is the config of the guard around all services.
	Guard flowgrpc.GuardConfig `json:"guard" yaml:"guard"`
	// Limit is the name of the limit.KeyedLimiter in the graph that limits each client. Defaults
	// to no limit.
	Limit string `json:"limit" yaml:"limit"`
	// NoHealth leaves out the health service, for an application that registers its own. Defaults to
	// false: there is one if the application has a health.Registry.
	NoHealth bool `json:"no_health" yaml:"no_health"`
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error { return errors.Join(c.Server.Validate(), c.Guard.Validate()) }

// Service registers itself at a server.
type Service interface{ Register(grpc.ServiceRegistrar) }

// Serve serves the services under the name (see [AsService]) behind a flowgrpc.Guard of the same name,
// and provides their *flowgrpc.Server under it.
func Serve(name string, cfg Config, opts ...flowgrpc.GuardOption) fx.Option {
	limiter := ` optional:"true"`
	if cfg.Limit != "" {
		limiter = named(cfg.Limit)
	}
	return fx.Module("goflow.grpc",
		fx.Provide(fx.Private, servicefx.New, otelin.New),
		fx.Provide(fx.Annotate(
			func(
				runner *servicefx.Runner, p otelin.Providers, registry *health.Registry, l limit.KeyedLimiter,
				services []Service, functions []func(grpc.ServiceRegistrar), more []flowgrpc.GuardOption, server []grpc.ServerOption,
			) (*flowgrpc.Server, error) {
				guard := append([]flowgrpc.GuardOption{
					flowgrpc.WithTelemetry(p.Options...),
					flowgrpc.WithPropagators(p.Propagator),
				}, slices.Concat(opts, more)...)
				if cfg.Limit != "" {
					guard = append(guard, flowgrpc.WithLimit(l))
				}
				if registry != nil && !cfg.NoHealth {
					services = append(services, flowgrpc.NewHealth(registry))
				}
				s, err := newServer(name, cfg, registration(services, functions), guard, server)
				if err != nil {
					return nil, err
				}
				runner.Run(name, s)
				return s, nil
			},
			fx.ParamTags(
				``, ``, ` optional:"true"`, limiter,
				group("service", name), group("service", name), group("guard", name), group("server", name),
			),
			fx.ResultTags(named(name)),
		)),
		fx.Invoke(fx.Annotate(func(*flowgrpc.Server) {}, fx.ParamTags(named(name)))),
	)
}

// registration registers all services of a server.
func registration(services []Service, functions []func(grpc.ServiceRegistrar)) func(grpc.ServiceRegistrar) {
	return func(r grpc.ServiceRegistrar) {
		for _, s := range services {
			s.Register(r)
		}
		for _, register := range functions {
			register(r)
		}
	}
}

// newServer makes a server with the guard around its services.
func newServer(
	name string, cfg Config, register func(grpc.ServiceRegistrar), guard []flowgrpc.GuardOption, opts []grpc.ServerOption,
) (*flowgrpc.Server, error) {
	if err := core.Configure("grpcfx", name, cfg.Validate()); err != nil {
		return nil, err
	}
	g, err := flowgrpc.NewGuard(name, cfg.Guard, guard...)
	if err != nil {
		return nil, err
	}
	return flowgrpc.NewServer(name, cfg.Server, register, append(g.ServerOptions(), opts...)...)
}

// AsService adds what constructor makes to the services of the server of the name: a [Service], or the
// function func(grpc.ServiceRegistrar) that registers one. The constructor takes what it likes from the graph
// (named values in a parameter object). Any other function is an error of the application.
func AsService(name string, constructor any) fx.Option {
	if t := reflect.TypeOf(constructor); t != nil && t.Kind() == reflect.Func && t.NumOut() > 0 && t.Out(0).Implements(reflect.TypeFor[Service]()) {
		return fx.Provide(fx.Annotate(constructor, fx.As(new(Service)), fx.ResultTags(group("service", name))))
	}
	if err := ctor.Makes[func(grpc.ServiceRegistrar)]("grpcfx: AsService", constructor); err != nil {
		return fx.Error(fmt.Errorf("%w, or something with a method Register(grpc.ServiceRegistrar)", err))
	}
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(group("service", name))))
}

// AsGuardOption provides what constructor makes as a flowgrpc.GuardOption of the server of the name: a policy
// that needs what is in the graph.
func AsGuardOption(name string, constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.As(new(flowgrpc.GuardOption)), fx.ResultTags(group("guard", name))))
}

// AsServerOption provides what constructor makes as a grpc.ServerOption of the server of the name:
// credentials, an interceptor. Interceptors run inside the guard.
func AsServerOption(name string, constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.As(new(grpc.ServerOption)), fx.ResultTags(group("server", name))))
}

// group is a group of what belongs to a server or a client.
func group(kind, name string) string { return fmt.Sprintf(`group:"goflow.grpc.%s.%s"`, kind, name) }

func named(name string) string { return fmt.Sprintf(`name:%q`, name) }
