package httpfx_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
)

func ExampleServe() {
	newAPI := func() *http.ServeMux {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
		return mux
	}
	ask := func(s *flowhttp.Server) {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+s.Addr().String(), http.NoBody)
		if err != nil {
			panic(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			panic(err)
		}
		_ = res.Body.Close()
		fmt.Println(res.Status, res.Header.Get("RateLimit"))
	}
	var server *flowhttp.Server
	app := fx.New(fx.NopLogger,
		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 2}),
		httpfx.AsHandler("api", newAPI),
		httpfx.Serve("api", httpfx.Config{
			Server: flowhttp.ServerConfig{Addr: "127.0.0.1:0"},
			Limit:  "clients",
		}),
		fx.Populate(fx.Annotate(&server, fx.ParamTags(`name:"api"`))),
	)

	ctx := context.Background() // app.Run does all of the following
	if err := app.Start(ctx); err != nil {
		panic(err)
	}
	ask(server)
	http.DefaultClient.CloseIdleConnections()
	if err := app.Stop(ctx); err != nil {
		panic(err)
	}
	// Output: 200 OK "clients";r=1;t=3600
}
