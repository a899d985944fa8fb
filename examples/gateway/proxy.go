package main

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
)

type proxyParams struct {
	fx.In

	Target    target
	Transport *flowhttp.Transport `name:"upstream"`
	Logger    *slog.Logger
}

// newProxy forwards requests to the upstream.
func newProxy(p proxyParams) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(p.Target.url())
			r.SetXForwarded()
		},
		Transport: p.Transport,
		ErrorLog:  slog.NewLogLogger(p.Logger.Handler(), slog.LevelWarn),
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			status := http.StatusBadGateway
			if errors.Is(err, core.ErrRejected) {
				status = http.StatusServiceUnavailable
			}
			if r.Context().Err() == nil { // the client has not gone away
				p.Logger.WarnContext(r.Context(), "upstream did not answer", "error", err)
			}
			http.Error(w, http.StatusText(status), status)
		},
	}
}
