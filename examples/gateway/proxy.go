package main

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/http/httputil"
	"strconv"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

type proxyParams struct {
	fx.In

	Target    target
	Transport http.RoundTripper  `name:"upstream"`
	Lines     *limit.TokenBucket `name:"log"` // an upstream that is down must not flood the log
	Logger    *slog.Logger
	Recheck   *recheck
	Mirror    *mirror `optional:"true"`
}

// newProxy forwards requests to the upstream.
func newProxy(p proxyParams) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(p.Target.url())
			r.SetXForwarded()
		},
		Transport: p.Transport,
		ModifyResponse: func(resp *http.Response) error {
			if resp.StatusCode >= http.StatusInternalServerError {
				p.Recheck.later(resp.Request.Context())
			}
			resp.Header.Del(requestID) // the answer has it already
			p.Mirror.answered(resp.Request)
			return nil
		},
		ErrorLog: slog.NewLogLogger(p.Logger.Handler(), slog.LevelWarn),
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if !errors.Is(err, core.ErrRejected) { // it was asked
				p.Recheck.later(r.Context())
			}
			if r.Context().Err() == nil && p.Lines.Allow(r.Context()) { // the client has not gone away
				p.Logger.WarnContext(r.Context(), "upstream did not answer", "error", err)
			}
			if after, ok := core.RetryAfter(err); ok {
				w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(after.Seconds())))))
			}
			status := statusOf(err)
			http.Error(w, http.StatusText(status), status)
		},
	}
}

// statusOf says what an error of the upstream is to a client.
func statusOf(err error) int {
	switch {
	case errors.Is(err, core.ErrRejected):
		return http.StatusServiceUnavailable
	case core.ErrorType(err) == core.TypeTimeout:
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}
