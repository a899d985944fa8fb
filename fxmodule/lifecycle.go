package fxmodule

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/log"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/fxmodule/internal/engines"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Config is the config of [Lifecycle]. Supply one to change the defaults.
type Config struct {
	// DrainDelay is how long the application goes on as before after it has become not ready, so
	// that whoever sends it traffic can notice. It is part of the stop budget. Defaults to none;
	// 5 s suits Kubernetes.
	DrainDelay time.Duration `json:"drain_delay" yaml:"drain_delay" env:"DRAIN_DELAY"`
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var faults core.Faults
	faults.Require(c.DrainDelay >= 0, "DrainDelay", c.DrainDelay, "must not be negative")
	faults.Require(c.DrainDelay < StopTimeout, "DrainDelay", c.DrainDelay, "must be below "+StopTimeout.String())
	return faults.Err()
}

// Lifecycle tells the application's health registry when the application is ready, which is when
// every start hook has ended, and when it is draining, which is before the first stop hook runs. It
// also writes an event at each change. In an application with a console operators may drain it, and
// undo that, until it stops. It belongs at the root of an application: it is part of
// [Module], and must not be put into an fx.Module.
func Lifecycle() fx.Option {
	return fx.Options(
		fx.Provide(newGate),
		fx.Decorate(func(lc fx.Lifecycle, g *gate) fx.Lifecycle {
			g.lifecycle = lc
			return &watched{lc, g}
		}),
		fx.Invoke(watch),
	)
}

// gate opens when all start hooks have ended, and closes before the first stop hook.
//
// fx runs stop hooks in the reverse order of start hooks, and start hooks in the order they were
// appended, which is known only when the application has been built: functions invoked at the root
// after ours append later ones. So gate appends a hook of its own, and another one after each hook
// that comes later: the last of them to start opens the gate, the first to stop closes it.
type gate struct {
	lifecycle fx.Lifecycle // the application's own

	mu      sync.Mutex
	hooks   int // appended; 0 until the lifecycle is watched
	started int
	closed  bool

	open, close func(ctx context.Context) error
}

func newGate() *gate { return &gate{} }

// watched is a Lifecycle that lets a gate follow each hook.
type watched struct {
	fx.Lifecycle
	gate *gate
}

// Append appends the hook, and the gate's own after it.
func (w *watched) Append(h fx.Hook) {
	w.Lifecycle.Append(h)
	w.gate.mu.Lock()
	follow := w.gate.hooks > 0
	w.gate.mu.Unlock()
	if follow {
		w.gate.follow()
	}
}

// follow appends a hook of the gate's.
func (g *gate) follow() {
	g.mu.Lock()
	g.hooks++
	g.mu.Unlock()
	g.lifecycle.Append(fx.StartStopHook(g.up, g.drain))
}

// up counts a start and opens the gate at the last.
func (g *gate) up(ctx context.Context) error {
	g.mu.Lock()
	g.started++
	g.closed = false
	last := g.started == g.hooks
	g.mu.Unlock()
	if last {
		return g.open(ctx)
	}
	return nil
}

// drain closes the gate at the first stop.
func (g *gate) drain(ctx context.Context) error {
	g.mu.Lock()
	first := !g.closed
	g.closed, g.started = true, 0
	g.mu.Unlock()
	if first {
		return g.close(ctx)
	}
	return nil
}

// lifecycleParams is what the lifecycle takes from the graph.
type lifecycleParams struct {
	fx.In

	Lifecycle fx.Lifecycle // decorated, which is what sets Gate.lifecycle
	Gate      *gate
	Config    Config `optional:"true"`
	Health    *health.Registry
	Providers otelin.In
	Engines   engines.In
}

// watch ties the gate to the health registry.
func watch(p lifecycleParams) error {
	if err := core.Configure("fxmodule", "lifecycle", p.Config.Validate()); err != nil {
		return err
	}
	scope := telemetry.NewScope("github.com/goflow-go/goflow/fxmodule", p.Providers.Options()...)
	tell := func(ctx context.Context, state string) {
		scope.Event(ctx, log.SeverityInfo, flowconv.EventAppStateChange, "application is "+state,
			flowconv.AppStateKey.String(state))
	}
	ready := p.Health.Gate(p.Config.DrainDelay)
	p.Gate.open = func(ctx context.Context) error {
		tell(ctx, flowconv.AppStateReady)
		return ready.Start(ctx)
	}
	p.Gate.close = func(ctx context.Context) error {
		tell(ctx, flowconv.AppStateDraining)
		return ready.Stop(ctx)
	}
	p.Engines.Known(p.Gate.operated(flowadmin.App(p.Health), func(ctx context.Context) {
		tell(ctx, p.Health.State().String())
	}))
	tell(context.Background(), flowconv.AppStateStarting)
	p.Gate.follow()
	return nil
}
