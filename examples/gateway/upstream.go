package main

import (
	"net/url"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/examples/gateway/internal/sample"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
)

// target is what the gateway fronts.
type target struct {
	fixed  *url.URL         // nil for the sample
	sample *flowhttp.Server // whose address is known once it listens
}

func (t target) url() *url.URL {
	if t.fixed != nil {
		return t.fixed
	}
	return &url.URL{Scheme: "http", Host: t.sample.Addr().String()}
}

// upstream provides the target: the URL of the config, or a sample service of its own.
func upstream(cfg config) fx.Option {
	if cfg.Upstream != "" {
		return fx.Provide(func() (target, error) {
			u, err := url.Parse(cfg.Upstream)
			return target{fixed: u}, err
		})
	}
	return fx.Options(
		httpfx.AsHandler("sample", sample.NewMux),
		httpfx.Serve("sample", httpfx.Config{Server: flowhttp.ServerConfig{Addr: "127.0.0.1:0"}}),
		fx.Provide(fx.Annotate(func(s *flowhttp.Server) target { return target{sample: s} }, fx.ParamTags(`name:"sample"`))),
	)
}
