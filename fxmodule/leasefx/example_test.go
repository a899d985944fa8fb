package leasefx_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/fxmodule/leasefx"
)

func Example() {
	load := func(l *lease.Locker) {
		err := lease.Exclusive(l, "import").Do(context.Background(), func(ctx context.Context) error {
			_, ok := lease.TokenOf(ctx)
			fmt.Println("no other imports, and there is a fencing token:", ok)
			return nil
		})
		if err != nil {
			panic(err)
		}
	}
	app := fx.New(fx.NopLogger, leasefx.Module, fx.Invoke(load))
	if err := app.Stop(context.Background()); err != nil {
		panic(err)
	}
	// Output: no other imports, and there is a fencing token: true
}

func ExampleElector() {
	began := make(chan struct{})
	lead := func(_ context.Context, c lease.Change) {
		if c.Leads {
			close(began)
		}
	}
	app := fx.New(fx.NopLogger,
		leasefx.Module,
		leasefx.Elector("reports", lease.WithHook(lead)),
		fx.Invoke(fx.Annotate(func(*lease.Elector) {}, fx.ParamTags(`name:"reports"`))),
	)
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		panic(err)
	}
	<-began
	fmt.Println("leads")
	if err := app.Stop(ctx); err != nil {
		panic(err)
	}
	// Output: leads
}
