// Package redisfx makes the processes of an fx application one, through Redis: they share their limits,
// and run once what is to run once.
//
//	fx.New(
//		fxmodule.Module,
//		redisfx.Module,
//		fx.Supply(redisfx.Config{Client: flowredis.ClientConfig{Addrs: addrs}}),
//		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(20), Burst: 40}),
//		schedfx.AsJob(newReport, schedfx.Once()),
//	)
//
// Configuration alone decides. With addresses, limits of limitfx are shared, and leases of leasefx, on
// which schedfx.Once and electors stand, are among processes. Without, all of that is each process's own,
// and everything this package provides is nil.
//
// The application starts, and is ready, while Redis is down: its limits fall back, as Config says, until
// Redis answers, and leases wait for it. So Redis has no part in readiness; that it is away is the metric
// goflow.coordination.mode and one event.
//
// On stop, limits and jobs end first, then the coordinator takes this process out of the count of those
// who share, and the client is closed last.
//
// It reports to the application's OpenTelemetry providers, the global ones where it has none: what
// coordination does, a span for each command under a recording parent, with neither keys nor values, and
// the client's pool of connections. In an application with a console the coordinator is known there by its
// mode, and shared limits of rates by rate and burst; what is changed there is changed for all processes.
package redisfx

import (
	"errors"

	"github.com/redis/go-redis/v9"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/fxmodule/internal/engines"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
)

// Config is the config of [Module].
type Config struct {
	// Client says where Redis is. Without addresses there is none.
	Client flowredis.ClientConfig `json:"client" yaml:"client"`
	// Coordinator says what processes share, and how. Applications on one Redis need prefixes of their own.
	Coordinator flowredis.Config `json:"coordinator" yaml:"coordinator"`
	// Fallback is what limiters do while Redis cannot be asked. Defaults to each process's share.
	Fallback flowredis.Fallback `json:"fallback" yaml:"fallback" env:"FALLBACK"`
}

// Shared reports whether there is a Redis: whether there are addresses.
func (c Config) Shared() bool { return len(c.Client.Addrs) > 0 }

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var faults core.Faults
	faults.Require(c.Fallback <= flowredis.FailOpen, "Fallback", c.Fallback, "must be FallbackLocal, FailClosed or FailOpen")
	if c.Shared() {
		return errors.Join(c.Client.Validate(), c.Coordinator.Validate(), faults.Err())
	}
	return errors.Join(c.Coordinator.Validate(), faults.Err())
}

// Module provides what [Result] has, out of an optional [Config]. It is made when something asks for it,
// which every limiter of limitfx and the locker of leasefx do.
var Module = fx.Module("goflow.redis",
	fx.Provide(fx.Private, servicefx.New),
	fx.Provide(New),
)

// name is the coordinator's.
const name = "redis"

// Params is what [New] takes from the graph.
type Params struct {
	fx.In

	Lifecycle fx.Lifecycle
	Runner    *servicefx.Runner
	Providers otelin.In
	Engines   engines.In
	Config    Config `optional:"true"`
}

// Result is what [New] gives to the graph. All of it is nil when there are no addresses.
type Result struct {
	fx.Out

	Client      redis.UniversalClient
	Coordinator *flowredis.Coordinator
	Backend     *limitfx.Backend
	Leases      lease.Store
}

// New makes the client and all that stands on it, and lets the application run and close it.
func New(p Params) (Result, error) {
	if err := core.Configure("redisfx", name, p.Config.Validate()); err != nil || !p.Config.Shared() {
		return Result{}, err
	}
	client, err := flowredis.NewClient(p.Config.Client)
	if err != nil {
		return Result{}, err
	}
	if err := instrument(client, p); err != nil {
		return Result{}, errors.Join(err, client.Close())
	}
	telemetry := flowredis.WithTelemetry(p.Providers.Options()...)
	c, err := flowredis.New(name, client, p.Config.Coordinator, telemetry)
	if err != nil {
		return Result{}, errors.Join(err, client.Close())
	}
	leases, err := flowredis.NewLeases(c)
	if err != nil {
		return Result{}, errors.Join(err, client.Close())
	}
	p.Lifecycle.Append(fx.StopHook(client.Close))
	p.Lifecycle.Append(fx.StopHook(c.Close))
	p.Runner.Run("coordinator "+name, c)
	p.Engines.Known(flowadmin.Described("coordination", c))
	b := backend{c, p.Config.Fallback, telemetry}
	return Result{Client: client, Coordinator: c, Backend: b.limiters(), Leases: leases}, nil
}
