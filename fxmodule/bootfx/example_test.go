package bootfx_test

import (
	"context"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/goflow-go/goflow/fxmodule/bootfx"
)

// database has hooks.
type database struct{}

func openDatabase(lc fx.Lifecycle) *database {
	db := &database{}
	lc.Append(fx.StartStopHook(db.connect, db.close))
	return db
}

func (*database) connect() {}
func (*database) close()   {}

func migrate(*database) {}

func ExampleTrace() {
	spans := tracetest.NewSpanRecorder() // telemetryfx.Module provides an SDK that exports
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	app := fx.New(
		bootfx.Trace(fxevent.NopLogger), // nil would log to stderr as fx does
		fx.Supply(fx.Annotate(provider, fx.As(new(trace.TracerProvider)))),
		fx.Provide(openDatabase),
		fx.Invoke(migrate),
	)

	ctx := context.Background() // app.Run does all of the following
	if err := app.Start(ctx); err != nil {
		panic(err)
	}
	if err := app.Stop(ctx); err != nil {
		panic(err)
	}
	for _, s := range spans.Ended() {
		fmt.Println(s.Name())
	}
	// Output:
	// construct bootfx_test.openDatabase
	// invoke bootfx_test.migrate
	// start bootfx_test.database.connect
	// app start
	// stop bootfx_test.database.close
	// app stop
}
