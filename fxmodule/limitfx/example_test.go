package limitfx_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
)

func ExampleTokenBucket() {
	checkout := func(l limit.Limiter) {
		for range 3 {
			d, err := l.Take(context.Background(), 1)
			fmt.Println(d.Allowed, d.Remaining, err)
		}
	}
	app := fx.New(fx.NopLogger,
		limitfx.TokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerMinute(1), Burst: 2}),
		fx.Invoke(fx.Annotate(checkout, fx.ParamTags(`name:"checkout"`))),
	)
	startAndStop(app)
	// Output:
	// true 1 <nil>
	// true 0 <nil>
	// false 0 <nil>
}

func ExampleKeyed() {
	serve := func(l *limit.Keyed) {
		ctx := context.Background()
		fmt.Println(l.Allow(ctx, "alice"), l.Allow(ctx, "alice"), l.Allow(ctx, "bob"))
	}
	app := fx.New(fx.NopLogger,
		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerMinute(1), Burst: 1}),
		fx.Invoke(fx.Annotate(serve, fx.ParamTags(`name:"clients"`))),
	)
	startAndStop(app)
	// Output: true false true
}

// startAndStop does what app.Run does, without waiting for a signal.
func startAndStop(app *fx.App) {
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		panic(err)
	}
	if err := app.Stop(ctx); err != nil {
		panic(err)
	}
}
