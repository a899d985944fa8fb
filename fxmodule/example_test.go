package fxmodule_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule"
	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
)

func ExampleModule() {
	var admin adminfx.Server
	app := fx.New(fx.NopLogger,
		fxmodule.Module,
		fx.Supply(adminfx.Config{Addr: "127.0.0.1:0"}), // defaults to 127.0.0.1:9090
		limitfx.TokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerSecond(100), Burst: 20}),
		fx.Populate(&admin),
	)

	ctx := context.Background() // app.Run does all of the following
	if err := app.Start(ctx); err != nil {
		panic(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin.Addr().String()+"/readyz", http.NoBody)
	if err != nil {
		panic(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		panic(err)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	fmt.Println(res.StatusCode, string(body), err)
	if err := app.Stop(ctx); err != nil {
		panic(err)
	}
	// Output: 200 ok <nil>
}
