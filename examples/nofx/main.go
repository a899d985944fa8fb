// Nofx is the quickstart without fx: the same constructors, called by hand.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os/signal"
	"syscall"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	sdk, err := otelsdk.Setup(ctx, otelsdk.Config{ServiceName: "nofx"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sdk.Shutdown(context.WithoutCancel(ctx))) }() // last, and bounded

	clients, err1 := limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(5), Burst: 10},
		limit.WithTelemetry(sdk.Options()...))
	edge, err2 := flowhttp.NewMiddleware("api", flowhttp.MiddlewareConfig{},
		flowhttp.WithLimit(clients), flowhttp.WithTelemetry(sdk.Options()...), flowhttp.WithPropagators(sdk.Propagator()))
	checks, err3 := health.New("app", health.Config{})
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}

	admin, err1 := flowadmin.New("admin", flowadmin.Config{}, flowadmin.WithHealth(checks), flowadmin.WithMetrics(sdk.MetricsHandler()))
	api, err2 := flowhttp.NewServer("api", flowhttp.ServerConfig{Addr: "127.0.0.1:8080"}, edge.Wrap(newAPI()))
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	probes, err1 := flowhttp.NewServer("admin", flowhttp.ServerConfig{Addr: "127.0.0.1:9090"}, admin)
	app, err2 := core.NewGroup("nofx", core.GroupConfig{},
		core.Member{Name: "health", Service: checks},
		core.Member{Name: "admin", Service: probes},
		core.Member{Name: "api", Service: api},
		core.Member{Name: "readiness", Service: checks.Gate(0)},
	)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	return app.Run(ctx)
}

func newAPI() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello, %s!\n", r.PathValue("name"))
	})
	return mux
}
