package main

import (
	"context"
	"net"
	"net/url"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/examples/gateway/internal/load"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
)

// ownLoad makes requests to the gateway itself, so that there is something to see.
func ownLoad(cfg config) fx.Option {
	if cfg.Load == 0 {
		return fx.Options()
	}
	return servicefx.AsService("load", func(p loadParams) *core.Loop {
		return core.Background("load", func(ctx context.Context) error { return load.Run(ctx, p.config(cfg.Load)) })
	})
}

type loadParams struct {
	fx.In

	Gateway *flowhttp.Server `name:"gateway"`
	GRPC    *flowgrpc.Server `name:"gateway-grpc" optional:"true"`
}

// config is known once the gateway listens, whatever it listens on. Where the system has all of 127/8, those who
// rush are a client of their own.
func (p loadParams) config(rate int) load.Config {
	const client, rusher = "127.0.0.1", "127.0.0.2"
	local := func(addr net.Addr) string {
		_, port, _ := net.SplitHostPort(addr.String()) // it is one: it listens
		return net.JoinHostPort(client, port)
	}
	cfg := load.Config{
		HTTP: []*url.URL{{Scheme: "http", Host: local(p.Gateway.Addr())}},
		Rate: rate, Client: client, Rusher: rusher,
	}
	if p.GRPC != nil {
		cfg.GRPC = []string{local(p.GRPC.Addr())}
	}
	return cfg
}
