package servicefx_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
)

func ExampleAsService() {
	newWorker := func() *core.Loop {
		return core.Background("worker", func(ctx context.Context) error {
			<-ctx.Done() // work until then
			fmt.Println("the worker ends")
			return nil
		})
	}
	app := fx.New(fx.NopLogger, servicefx.AsService("worker", newWorker))

	ctx := context.Background() // app.Run does all of the following
	if err := app.Start(ctx); err != nil {
		panic(err)
	}
	if err := app.Stop(ctx); err != nil {
		panic(err)
	}
	// Output: the worker ends
}
