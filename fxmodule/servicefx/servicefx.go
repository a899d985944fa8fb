// Package servicefx runs a core.Service in an fx application: started and stopped with it, its
// panics contained, and its failure the application's end.
package servicefx

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/label"
)

// Params is what [New] takes from the graph.
type Params struct {
	fx.In

	Lifecycle  fx.Lifecycle
	Shutdowner fx.Shutdowner
	Logger     *slog.Logger `optional:"true"` // defaults to slog.Default()
}

// Runner runs services in an application. A module provides itself one with fx.Private and [New].
type Runner struct {
	lifecycle  fx.Lifecycle
	shutdowner fx.Shutdowner
	logger     *slog.Logger
}

// New makes a Runner.
func New(p Params) *Runner {
	if p.Logger == nil {
		p.Logger = slog.Default()
	}
	return &Runner{p.Lifecycle, p.Shutdowner, p.Logger}
}

// Run runs s when the application runs: it is started after what its constructor depends on, and
// stopped in reverse order, within nine tenths of what is left of the stop budget, so that one that
// hangs leaves time to what stops after it. When s fails after it was started (it is core.Watched),
// the failure is logged and the application shuts down with exit code 1. The name is the subject of
// the errors.
func (r *Runner) Run(name string, s core.Service) {
	var watcher sync.WaitGroup
	var quit chan struct{} // not nil from start to stop
	r.lifecycle.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			if err := core.Try(ctx, s.Start); err != nil {
				return fmt.Errorf("service %q: start: %w", name, err)
			}
			ended := make(chan struct{})
			quit = ended
			if w, ok := s.(core.Watched); ok {
				watcher.Go(func() {
					label.NewMark("service", name).Label()
					r.watch(name, w, ended)
				})
			}
			return nil
		},
		OnStop: func(ctx context.Context) error {
			if quit != nil {
				close(quit)
				quit = nil
				watcher.Wait()
			}
			ctx, cancel := share(ctx)
			defer cancel()
			if err := core.Try(ctx, s.Stop); err != nil {
				return fmt.Errorf("service %q: stop: %w", name, err)
			}
			return nil
		},
	})
}

// watch ends the application when the service fails before quit is closed.
func (r *Runner) watch(name string, w core.Watched, quit <-chan struct{}) {
	select {
	case <-quit:
	case err := <-w.Failed():
		r.logger.Error("service failed", "service", name, "error", err)
		shutdown.Lock()
		defer shutdown.Unlock()
		_ = r.shutdowner.Shutdown(fx.ExitCode(1)) // fails only when it is shutting down
	}
}

// shutdown is held around fx.Shutdowner.Shutdown, which keeps the exit code in a field without a lock.
var shutdown sync.Mutex

// share is nine tenths of the time ctx has left.
func share(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/10))
}

// AsService runs the service that constructor makes. The constructor takes what it likes from the
// graph (named values in a parameter object), and returns one value whose type is a core.Service, and
// perhaps an error.
func AsService(name string, constructor any) fx.Option {
	tag := fmt.Sprintf(`name:%q`, "service."+name)
	return fx.Module("goflow.service",
		fx.Provide(fx.Private, New),
		fx.Provide(fx.Annotate(constructor, fx.As(new(core.Service)), fx.ResultTags(tag))),
		fx.Invoke(fx.Annotate(func(r *Runner, s core.Service) { r.Run(name, s) }, fx.ParamTags(``, tag))),
	)
}
