// App is what the browser tests look at: an application with an engine of most kinds, under a gentle load,
// and the console of its own.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/goflow-go/goflow/contrib/flowadmin/console"
	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/fxmodule"
	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/bootfx"
	"github.com/goflow-go/goflow/fxmodule/consolefx"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// config is what a test chooses.
type config struct {
	token   string
	private bool
	addr    string // of the shop
	admin   string // of the admin port
	perSec  int    // requests of the load
}

func main() {
	var cfg config
	flag.StringVar(&cfg.token, "token", "", "the console's token; without it nothing can be changed")
	flag.BoolVar(&cfg.private, "private", false, "show nothing without the token")
	flag.StringVar(&cfg.addr, "addr", "127.0.0.1:0", "the address of the shop")
	flag.StringVar(&cfg.admin, "admin", "127.0.0.1:0", "the address of the admin port")
	flag.IntVar(&cfg.perSec, "load", 50, "requests a second that it makes to itself, at least 1")
	flag.Parse()
	if err := run(cfg); err != nil {
		log.Fatal(err)
	}
}

// run runs the application until it is told to stop.
func run(cfg config) error {
	var ready endpoints
	app := fx.New(application(cfg), fx.Populate(&ready))
	if err := app.Err(); err != nil {
		return err
	}
	done := app.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), app.StartTimeout())
	defer cancel()
	if err := app.Start(ctx); err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "shop     http://%s\nadmin    http://%s\n", ready.Shop.Addr(), ready.Admin.Addr())
	<-done
	ctx, cancel = context.WithTimeout(context.Background(), app.StopTimeout())
	defer cancel()
	return app.Stop(ctx)
}

// endpoints are known once the application has started.
type endpoints struct {
	fx.In

	Shop  *flowhttp.Server `name:"shop"`
	Admin adminfx.Server
}

// application is the application as fx has it.
func application(cfg config) fx.Option {
	return fx.Options(
		fxmodule.Module,
		consolefx.Module,
		bootfx.Trace(fxevent.NopLogger), // run tells what goes wrong
		fx.StopTimeout(10*time.Second),
		fx.Supply(
			cfg,
			otelsdk.Config{ServiceName: "shop"},
			adminfx.Config{Addr: cfg.admin},
			consolefx.Config{Console: console.Config{Token: console.Secret(cfg.token), Private: cfg.private}},
		),
		fx.Provide(func(sdk *otelsdk.SDK) *slog.Logger { return slog.New(sdk.Handler("shop")) }),
		engines(),
		checks(),
		httpfx.AsHandler("shop", newShop),
		httpfx.Serve("shop", httpfx.Config{Server: flowhttp.ServerConfig{Addr: cfg.addr}, Limit: "clients"}),
		load(cfg),
	)
}
