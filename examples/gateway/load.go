package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.uber.org/fx"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
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
			return makeLoad(ctx, p, time.Second/time.Duration(cfg.Load))
		})
	})
}

type loadParams struct {
	fx.In

	Gateway *flowhttp.Server `name:"gateway"`
	GRPC    *flowgrpc.Server `name:"gateway-grpc" optional:"true"`
}

// What the load asks for, in turn. An upstream that is not the sample may know other paths only.
var asked = []struct{ method, path string }{
	{http.MethodGet, "/hello"},
	{http.MethodGet, "/slow"},
	{http.MethodGet, "/hello"},
	{http.MethodGet, "/flaky"},
	{http.MethodGet, "/hello"},
	{http.MethodGet, "/slow"},
	{http.MethodGet, "/hello"},
	{http.MethodGet, "/hello"},
	{http.MethodPost, "/broken"},
	{http.MethodGet, "/flaky"},
}

const (
	rush     = 60               // requests at once, which is more than a client may make
	rushes   = 10 * time.Second // from one to the next
	rushHost = "127.0.0.2"      // the client that makes them, where the system has all of 127/8
)

// makeLoad makes a request each interval until ctx ends, and now and then more than is allowed, as another
// client. Half as often it makes a gRPC call.
func makeLoad(ctx context.Context, p loadParams, interval time.Duration) error {
	_, port, err := net.SplitHostPort(p.Gateway.Addr().String())
	if err != nil {
		return err
	}
	var calls core.Task = func(context.Context) error { return nil }
	if p.GRPC != nil {
		calls = func(ctx context.Context) error { return makeCalls(ctx, p.GRPC.Addr(), 2*interval) }
	}
	base := &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", port)}
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { makeRequests(ctx, base, interval) })
	all.Go(func() { makeRushes(ctx, base.JoinPath("/hello").String()) })
	return calls(ctx)
}

// makeRequests asks for one after the other.
func makeRequests(ctx context.Context, base *url.URL, interval time.Duration) {
	client := newCaller("127.0.0.1")
	defer client.CloseIdleConnections()
	every(ctx, interval, func(n int) {
		a := asked[n%len(asked)]
		ask(ctx, client, a.method, base.JoinPath(a.path).String())
	})
}

// makeRushes asks for more than a client may, all at once.
func makeRushes(ctx context.Context, url string) {
	client := newCaller(rushHost)
	defer client.CloseIdleConnections()
	every(ctx, rushes, func(int) {
		var all sync.WaitGroup
		for range rush {
			all.Go(func() { ask(ctx, client, http.MethodGet, url) })
		}
		all.Wait()
	})
}

// makeCalls greets, and every eighth time lets the upstream count to five.
func makeCalls(ctx context.Context, gateway net.Addr, interval time.Duration) error {
	conn, err := grpc.NewClient(gateway.String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	every(ctx, interval, func(n int) {
		if n%8 == 7 {
			count(ctx, conn, 5)
			return
		}
		_ = conn.Invoke(ctx, helloMethod, wrapperspb.String("gopher"), new(wrapperspb.StringValue))
	})
	return nil
}

// count reads a stream to its end.
func count(ctx context.Context, conn *grpc.ClientConn, n uint32) {
	stream, err := conn.NewStream(ctx, &greeterDesc.Streams[0], countMethod)
	if err == nil && stream.SendMsg(wrapperspb.UInt32(n)) == nil && stream.CloseSend() == nil {
		for stream.RecvMsg(new(wrapperspb.UInt32Value)) == nil {
		}
	}
}

// every calls f soon, and then at each interval, until ctx ends.
func every(ctx context.Context, interval time.Duration, f func(n int)) {
	timer := time.NewTimer(min(interval, time.Second))
	defer timer.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			timer.Reset(interval)
			f(n)
		}
	}
}

// newCaller makes a client with an address of its own.
func newCaller(host string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: rush}, Timeout: 5 * time.Second}
}

// ask makes one request. What becomes of it is in the gateway's telemetry.
func ask(ctx context.Context, client *http.Client, method, url string) {
	r, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return
	}
	resp, err := client.Do(r)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body) // to use the connection again
	_ = resp.Body.Close()
}
