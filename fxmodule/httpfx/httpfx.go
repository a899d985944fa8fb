// Package httpfx serves HTTP in an fx application.
//
//	fx.New(
//		httpfx.AsHandler("api", newMux), // newMux takes what it likes from the graph
//		httpfx.Serve("api", flowhttp.ServerConfig{Addr: ":8080"}),
//	)
//
// The server listens before the application has started, so an address in use fails the start. When
// serving fails later, the application shuts down with exit code 1. On stop, the server takes no new
// connection and lets requests in flight finish.
package httpfx

import (
	"fmt"
	"net/http"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
)

// Serve serves the http.Handler under the name, and provides its *flowhttp.Server under it.
func Serve(name string, cfg flowhttp.ServerConfig) fx.Option {
	tag := fmt.Sprintf(`name:%q`, name)
	return fx.Module("goflow.http",
		fx.Provide(fx.Annotate(
			func(run servicefx.Runner, handler http.Handler) (*flowhttp.Server, error) {
				s, err := flowhttp.NewServer(name, cfg, handler)
				if err == nil {
					run.Run(name, s)
				}
				return s, err
			},
			fx.ParamTags(``, tag), fx.ResultTags(tag),
		)),
		fx.Invoke(fx.Annotate(func(*flowhttp.Server) {}, fx.ParamTags(tag))),
	)
}

// AsHandler provides what constructor makes as the http.Handler under the name.
func AsHandler(name string, constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor,
		fx.As(new(http.Handler)), fx.ResultTags(fmt.Sprintf(`name:%q`, name)),
	))
}
