// Package adminfx serves the admin port of an fx application: probes of its health registry,
// metrics of its OpenTelemetry SDK, an index, profiles when asked for, and its console when it has one
// (see package consolefx).
//
// Where others than the machine itself reach the port, since Config.Addr is no loopback address, the
// console has to have a token, and asks for it whoever only looks.
package adminfx

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/fxmodule/internal/ctor"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// Config is the config of the admin port.
type Config struct {
	// Addr is the TCP address to listen on. Defaults to "127.0.0.1:9090".
	Addr string `json:"addr" yaml:"addr" env:"ADDR"`
	// Handler is the config of what is served there.
	Handler flowadmin.Config `json:"handler" yaml:"handler"`
}

func (c Config) server() flowhttp.ServerConfig {
	return flowhttp.ServerConfig{Addr: cmp.Or(c.Addr, "127.0.0.1:9090")}
}

// loopback reports whether only this machine reaches the port.
func (c Config) loopback() bool {
	host, _, err := net.SplitHostPort(c.server().Addr)
	addr, notIP := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || notIP == nil && addr.IsLoopback())
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error { return errors.Join(c.server().Validate(), c.Handler.Validate()) }

// Server is the server of the admin port.
type Server struct{ *flowhttp.Server }

// Module serves the admin port, out of an optional [Config].
var Module = fx.Module("goflow.admin",
	fx.Provide(fx.Private, servicefx.New),
	fx.Provide(New),
	fx.Invoke(func(Server) {}),
)

// Params is what [New] takes from the graph.
type Params struct {
	fx.In

	// fx makes them in this order, and stops them in reverse: the SDK last.
	SDK     *otelsdk.SDK     `optional:"true"`
	Health  *health.Registry `optional:"true"`
	Console *console.Console `optional:"true"`
	Config  Config           `optional:"true"`
	Pages   []flowadmin.Page `group:"flow.admin.pages"`
	Runner  *servicefx.Runner
}

// AsPage serves the page that constructor makes on the admin port: a function of anything in the graph
// that returns a flowadmin.Page, and perhaps an error. Any other function is an error of the application.
func AsPage(constructor any) fx.Option {
	if err := ctor.Makes[flowadmin.Page]("adminfx: AsPage", constructor); err != nil {
		return fx.Error(err)
	}
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(`group:"flow.admin.pages"`)))
}

// New makes the admin server and lets the application run it, and the console with it.
func New(p Params) (Server, error) {
	if err := core.Configure("adminfx", "admin", p.Config.Validate()); err != nil {
		return Server{}, err
	}
	opts, err := p.options()
	if err != nil {
		return Server{}, err
	}
	handler, err := flowadmin.New("admin", p.Config.Handler, opts...)
	if err != nil {
		return Server{}, err
	}
	server, err := flowhttp.NewServer("admin", p.Config.server(), handler)
	if err != nil {
		return Server{}, err
	}
	p.Runner.Run("admin", server)
	if p.Console != nil { // it stops before the server, which waits for those the console tells what is new
		p.Runner.Run("console", p.Console)
	}
	return Server{server}, nil
}

// options is what is served.
func (p Params) options() ([]flowadmin.Option, error) {
	opts := []flowadmin.Option{flowadmin.WithPages(p.Pages...)}
	if p.Health != nil {
		opts = append(opts, flowadmin.WithHealth(p.Health))
	}
	if p.SDK != nil {
		opts = append(opts, flowadmin.WithMetrics(p.SDK.MetricsHandler()))
	}
	if p.Console == nil {
		return opts, nil
	}
	if !p.Config.loopback() {
		if err := p.Console.RequireToken(); err != nil {
			return nil, fmt.Errorf("adminfx: Addr %q is not a loopback address: %w", p.Config.Addr, err)
		}
	}
	return append(opts, flowadmin.WithConsole(p.Console)), nil
}
