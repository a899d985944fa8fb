package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
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
		httpfx.AsHandler("sample", newSample),
		httpfx.Serve("sample", httpfx.Config{Server: flowhttp.ServerConfig{Addr: "127.0.0.1:0"}}),
		fx.Provide(fx.Annotate(func(s *flowhttp.Server) target { return target{sample: s} }, fx.ParamTags(`name:"sample"`))),
	)
}

// newSample is a service that greets, and shows how a service can be: now and then it is slow, or fails.
func newSample() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "Hello from the sample upstream.")
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(20*time.Millisecond + rand.N(130*time.Millisecond)):
			fmt.Fprintln(w, "That took a while.")
		case <-r.Context().Done():
		}
	})
	var asked atomic.Int64
	mux.HandleFunc("GET /flaky", func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1)%3 == 1 {
			http.Error(w, "Not this time.", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "It worked.")
	})
	mux.HandleFunc("POST /broken", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "This never works.", http.StatusInternalServerError)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "This is the sample upstream. Try /hello, /slow, /flaky, or POST /broken.")
	})
	return mux
}
