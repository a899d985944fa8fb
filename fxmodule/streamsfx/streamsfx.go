// Package streamsfx runs streams in an fx application, and gives it writers and queues on disk.
//
//	fx.New(
//		streamsfx.AsRun("orders", newOrders), // func(...) func(ctx) error, of anything in the graph
//		streamsfx.Writer("access-log", openLog, writer.Config{}),
//		streamsfx.Spill("uploads", spill.Config{Dir: "/var/lib/app/uploads"}),
//	)
//
// A run goes on from the application's start to its stop. A writer is stopped after all that depends on it,
// and writes what it holds first; a queue is closed after all that depends on it, and keeps what it holds. What
// is made here reports to the application's OpenTelemetry providers, the global ones where it has none. In an
// application with a console writers and queues are known there.
package streamsfx

import (
	"context"
	"fmt"
	"io"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/internal/ctor"
	"github.com/goflow-go/goflow/fxmodule/internal/engines"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/streams/writer"
)

// Run runs a stream to its end: what a terminal operation does. It returns soon after ctx ends.
type Run func(ctx context.Context) error

// AsRun runs what constructor makes: a function of anything in the graph that returns a [Run], and perhaps
// an error. Any other function is an error of the application. ctx ends when the application stops, before
// what the constructor depends on. A run that ends by itself has come to the end of its source; one that
// fails is the application's end.
func AsRun(name string, constructor any) fx.Option {
	if err := ctor.Makes[Run]("streamsfx: AsRun", constructor); err != nil {
		return fx.Error(err)
	}
	return fx.Module("goflow.stream",
		fx.Provide(fx.Private, servicefx.New, constructor),
		fx.Invoke(func(r *servicefx.Runner, run Run) { r.Run(fmt.Sprintf("stream %q", name), service(name, run)) }),
	)
}

// Spill provides a *spill.Queue under the name. It is opened when something asks for it, so a directory that
// cannot be used, or that another process has, is an error of the application.
func Spill(name string, cfg spill.Config, opts ...spill.Option) fx.Option {
	provide := func(lc fx.Lifecycle, p otelin.Providers, known engines.In) (*spill.Queue, error) {
		q, err := spill.Open(name, cfg, append([]spill.Option{spill.WithTelemetry(p.Options...)}, opts...)...)
		if err != nil {
			return nil, err
		}
		lc.Append(fx.StopHook(q.Close))
		known.Known(flowadmin.Spill(q))
		return q, nil
	}
	return fx.Module("goflow.spill",
		fx.Provide(fx.Private, otelin.New),
		fx.Provide(fx.Annotate(provide, fx.ResultTags(fmt.Sprintf(`name:%q`, name)))),
	)
}

// service is a run as a core.Service. One that has come to the end of its source waits to be stopped.
func service(name string, run Run) core.Service {
	return core.Background(name, func(ctx context.Context) error {
		if err := run(ctx); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
}

// Writer provides a *writer.Writer under the name. What open makes is its sink: a function of anything in the
// graph that returns an io.Writer, and perhaps an error; an io.Closer is closed after the writer.
func Writer(name string, open any, cfg writer.Config, opts ...writer.Option) fx.Option {
	if err := ctor.Makes[io.Writer]("streamsfx: Writer", open); err != nil {
		return fx.Error(err)
	}
	provide := func(lc fx.Lifecycle, r *servicefx.Runner, p otelin.Providers, known engines.In, sink io.Writer) (*writer.Writer, error) {
		w, err := writer.New(name, sink, cfg, append([]writer.Option{writer.WithTelemetry(p.Options...)}, opts...)...)
		if err != nil {
			return nil, err
		}
		if c, ok := sink.(io.Closer); ok {
			lc.Append(fx.StopHook(c.Close))
		}
		r.Run(fmt.Sprintf("writer %q", name), w)
		known.Known(flowadmin.Writer(w))
		return w, nil
	}
	return fx.Module("goflow.writer",
		fx.Provide(fx.Private, servicefx.New, otelin.New, open),
		fx.Provide(fx.Annotate(provide, fx.ResultTags(fmt.Sprintf(`name:%q`, name)))),
	)
}
