package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
)

// load makes requests to the gateway, so that there is something to see.
func load(cfg config) fx.Option {
	if cfg.Load == 0 {
		return fx.Options()
	}
	return servicefx.AsService("load", func(p loadParams) *core.Loop {
		return core.Background("load", func(ctx context.Context) error {
			return makeLoad(ctx, p.Gateway, time.Second/time.Duration(cfg.Load))
		})
	})
}

type loadParams struct {
	fx.In

	Gateway *flowhttp.Server `name:"gateway"`
}

// makeLoad makes a request each interval until ctx ends.
func makeLoad(ctx context.Context, gateway *flowhttp.Server, interval time.Duration) error {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	_, port, err := net.SplitHostPort(gateway.Addr().String())
	if err != nil {
		return err
	}
	url := "http://" + net.JoinHostPort("127.0.0.1", port) + "/hello"
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			get(ctx, client, url)
		}
	}
}

// get makes one request. What becomes of it is in the gateway's telemetry.
func get(ctx context.Context, client *http.Client, url string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body) // to use the connection again
	_ = resp.Body.Close()
}
