package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/fxmodule"
	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/fxmodule/telemetryfx"
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
		telemetryfx.SetGlobals(), // for what OpenTelemetry says of itself
		liveConsole(cfg),

		limitfx.Keyed("clients", limit.KeyedConfig{Rate: cfg.Rate, Burst: cfg.Burst}),
		limitfx.Embedded(limitfx.TokenBucket("log", limit.TokenBucketConfig{Rate: limit.PerSecond(1), Burst: 5})),
		sharing(cfg),
		upstream(cfg),
		guards(cfg),
		admission(cfg),
		accessLog(cfg),
		metering(cfg),
		analytics(),
		mirroring(cfg),
		httpfx.AsHandler("gateway", newProxy),
		httpfx.Serve("gateway", httpfx.Config{
			Server: flowhttp.ServerConfig{Addr: cfg.Addr},
			Limit:  "clients",
		}),
		grpcProxy(cfg),
		healthChecks(),
		jobs(cfg),
		ownLoad(cfg),
	)
}

// newLogger writes to stderr and to OpenTelemetry.
func newLogger(sdk *otelsdk.SDK, stderr io.Writer) *slog.Logger {
	return slog.New(slog.NewMultiHandler(slog.NewTextHandler(stderr, nil), sdk.Handler("gateway")))
}

// endpoints says where the gateway can be reached; it is known once it has started.
type endpoints struct {
	gateway *flowhttp.Server
	grpc    *flowgrpc.Server // nil: none
	admin   adminfx.Server
	target  target
	cfg     config
}

type endpointParams struct {
	fx.In

	Gateway *flowhttp.Server `name:"gateway"`
	GRPC    *flowgrpc.Server `name:"gateway-grpc" optional:"true"`
	Admin   adminfx.Server
	Target  target
	Config  config
}

func newEndpoints(p endpointParams) endpoints {
	return endpoints{p.Gateway, p.GRPC, p.Admin, p.Target, p.Config}
}

// String is what the gateway says when it is ready.
func (e endpoints) String() string {
	var text strings.Builder
	say := func(what, format string, args ...any) {
		fmt.Fprintf(&text, "%-8s "+format+"\n", append([]any{what}, args...)...)
	}
	say("gateway", "http://%s  in front of %s", e.gateway.Addr(), e.target.url())
	if e.grpc != nil {
		say("grpc", "%s  in front of %s", e.grpc.Addr(), cmp.Or(e.cfg.GRPCUpstream, "a sample"))
	}
	say("console", "http://%s/debug/flow/", e.admin.Addr())
	if e.cfg.madeUp {
		say("token", "%s  to change something there", string(e.cfg.ConsoleToken))
	}
	say("admin", "http://%s  /metrics /readyz /livez /startupz", e.admin.Addr())
	say("limits", "%s", whose(e.cfg.Redis))
	return text.String()
}
