// Quickstart is an HTTP API with a limit for each client, traced and metered.
package main

import (
	"fmt"
	"net/http"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/fxmodule"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
)

func main() {
	fx.New(
		fxmodule.Module, // OpenTelemetry; probes and metrics on 127.0.0.1:9090
		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(5), Burst: 10}),
		httpfx.AsHandler("api", newAPI),
		httpfx.Serve("api", httpfx.Config{
			Server: flowhttp.ServerConfig{Addr: "127.0.0.1:8080"},
			Limit:  "clients",
		}),
	).Run()
}

func newAPI() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello, %s!\n", r.PathValue("name"))
	})
	return mux
}
