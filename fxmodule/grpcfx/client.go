package grpcfx

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/fx"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
)

// ClientConfig is the config of [Client].
type ClientConfig struct {
	// Target is whom to call, as grpc.NewClient takes it: "dns:///payments:443". Required.
	Target string `json:"target" yaml:"target"`
	// Plaintext does without TLS. Defaults to false: TLS, with the certificates the system trusts.
	// For other credentials see AsDialOption.
	Plaintext bool `json:"plaintext" yaml:"plaintext"`
	// Client is the config of the policies around the calls.
	Client flowgrpc.ClientConfig `json:"client" yaml:"client"`
}

// Validate reports everything that is wrong with c.
func (c ClientConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.Target != "", "Target", c.Target, "must not be empty")
	return errors.Join(faults.Err(), c.Client.Validate())
}

// Client provides a *grpc.ClientConn under the name, whose calls go under the policies of a flowgrpc.Client of
// the same name. It connects with the first call, and is closed when the application stops.
func Client(name string, cfg ClientConfig, opts ...flowgrpc.ClientOption) fx.Option {
	return fx.Module("goflow.grpc.client",
		fx.Provide(fx.Private, otelin.New),
		fx.Provide(fx.Annotate(
			func(lc fx.Lifecycle, p otelin.Providers, more []flowgrpc.ClientOption, dial []grpc.DialOption) (*grpc.ClientConn, error) {
				all := append([]flowgrpc.ClientOption{
					flowgrpc.WithTelemetry(p.Options...),
					flowgrpc.WithPropagators(p.Propagator),
				}, slices.Concat(opts, more)...)
				conn, err := newConn(name, cfg, all, dial)
				if err == nil {
					lc.Append(fx.StopHook(conn.Close))
				}
				return conn, err
			},
			fx.ParamTags(``, ``, group("client", name), group("dial", name)), fx.ResultTags(named(name)),
		)),
	)
}

// newConn makes a connection with the policies around its calls.
func newConn(name string, cfg ClientConfig, opts []flowgrpc.ClientOption, dial []grpc.DialOption) (*grpc.ClientConn, error) {
	if err := core.Configure("grpcfx", name, cfg.Validate()); err != nil {
		return nil, err
	}
	client, err := flowgrpc.NewClient(name, cfg.Client, opts...)
	if err != nil {
		return nil, err
	}
	trust := credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	if cfg.Plaintext {
		trust = insecure.NewCredentials()
	}
	all := append([]grpc.DialOption{grpc.WithTransportCredentials(trust)}, client.DialOptions()...)
	conn, err := grpc.NewClient(cfg.Target, append(all, dial...)...)
	if err != nil {
		return nil, fmt.Errorf("grpcfx: client %q: %w", name, err)
	}
	return conn, nil
}

// AsClientOption provides what constructor makes as a flowgrpc.ClientOption of the client of the name: a policy
// that needs what is in the graph.
func AsClientOption(name string, constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.As(new(flowgrpc.ClientOption)), fx.ResultTags(group("client", name))))
}

// AsDialOption provides what constructor makes as a grpc.DialOption of the client of the name: credentials, an
// interceptor. Interceptors run once for each attempt.
func AsDialOption(name string, constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.As(new(grpc.DialOption)), fx.ResultTags(group("dial", name))))
}
