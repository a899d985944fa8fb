package consolefx_test

import (
	"context"
	"fmt"
	"net/http"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/consolefx"
	"github.com/goflow-go/goflow/fxmodule/telemetryfx"
)

func Example() {
	var admin adminfx.Server
	app := fx.New(fx.NopLogger,
		telemetryfx.Module, // both are in fxmodule.Module
		adminfx.Module,
		consolefx.Module,
		fx.Supply(adminfx.Config{Addr: "127.0.0.1:0"}),
		fx.Populate(&admin),
	)
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin.Addr().String()+"/debug/flow/", http.NoBody)
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := client.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = res.Body.Close()
	fmt.Println(res.Status, res.Header.Get("Content-Type"), app.Stop(ctx))
	// Output: 200 OK text/html; charset=utf-8 <nil>
}
