package healthfx_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/watch"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
)

func ExampleAsCheck() {
	type database struct{ ping func(context.Context) error }
	checked := make(chan struct{})
	newDatabase := func() database {
		return database{func(context.Context) error { close(checked); return nil }}
	}
	app := fx.New(fx.NopLogger,
		healthfx.Module,
		fx.Provide(newDatabase),
		healthfx.AsCheck(func(db database) health.Check {
			return health.Check{Name: "database", Group: health.Startup, Run: db.ping}
		}),
		fx.Invoke(func(*health.Registry) {}), // adminfx depends on it
	)

	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		panic(err)
	}
	<-checked
	fmt.Println("the database was checked")
	if err := app.Stop(ctx); err != nil {
		panic(err)
	}
	// Output: the database was checked
}

func ExampleWebhook() {
	app := fx.New(fx.NopLogger,
		healthfx.Module,
		healthfx.Webhook("oncall", watch.WebhookConfig{URL: "http://alertmanager:9093/api/v2/alerts", Service: "orders"}),
	)
	fmt.Println(app.Err())
	// Output: <nil>
}
