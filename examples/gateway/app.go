package main

import (
	"fmt"
	"io"
	"log/slog"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/fxmodule"
	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// application is the gateway as an fx application.
func application(cfg config, stderr io.Writer) fx.Option {
	return fx.Options(
		fxmodule.Module,
		fx.Supply(
			cfg,
			otelsdk.Config{ServiceName: "gateway"},
			adminfx.Config{Addr: cfg.Admin},
			fxmodule.Config{DrainDelay: cfg.Drain},
		),
		fx.Provide(
			func(sdk *otelsdk.SDK) *slog.Logger { return newLogger(sdk, stderr) },
			newEndpoints,
		),
		fx.NopLogger, // run tells what goes wrong

		limitfx.Keyed("clients", limit.KeyedConfig{Rate: cfg.Rate, Burst: cfg.Burst}),
		limitfx.Embedded(limitfx.TokenBucket("log", limit.TokenBucketConfig{Rate: limit.PerSecond(1), Burst: 5})),
		sharing(cfg),
		upstream(cfg),
		guards(cfg),
		accessLog(cfg),
		analytics(),
		httpfx.AsHandler("gateway", newProxy),
		httpfx.Serve("gateway", httpfx.Config{
			Server: flowhttp.ServerConfig{Addr: cfg.Addr},
			Limit:  "clients",
		}),
		jobs(cfg),
		load(cfg),
	)
}

// newLogger writes to stderr and to OpenTelemetry.
func newLogger(sdk *otelsdk.SDK, stderr io.Writer) *slog.Logger {
	return slog.New(slog.NewMultiHandler(slog.NewTextHandler(stderr, nil), sdk.Handler("gateway")))
}

// endpoints says where the gateway can be reached; it is known once it has started.
type endpoints struct {
	gateway *flowhttp.Server
	admin   adminfx.Server
	target  target
	limits  string // whose they are
}

type endpointParams struct {
	fx.In

	Gateway *flowhttp.Server `name:"gateway"`
	Admin   adminfx.Server
	Target  target
	Config  config
}

func newEndpoints(p endpointParams) endpoints {
	return endpoints{p.Gateway, p.Admin, p.Target, whose(p.Config.Redis)}
}

// String is what the gateway says when it is ready.
func (e endpoints) String() string {
	return fmt.Sprintf("gateway  http://%s  in front of %s\nadmin    http://%s  /metrics /readyz /livez /startupz\nlimits   %s\n",
		e.gateway.Addr(), e.target.url(), e.admin.Addr(), e.limits)
}
