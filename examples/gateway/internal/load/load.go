// Package load makes requests to gateways in front of the sample services, so that there is something to see.
package load

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/goflow-go/goflow/examples/gateway/internal/sample"
)

// MaxRate is how many requests a second there may be.
const MaxRate = 1000

// Config says what is asked, and how often.
type Config struct {
	HTTP []*url.URL // gateways, asked in turn
	GRPC []string   // the host:port of gateways; gRPC calls are made half as often as requests
	Rate int        // HTTP requests a second, from 1 to MaxRate

	Client string // the IP address that requests come from; "" for what the system chooses
	Rusher string // the same for those who now and then ask for more than a client may
}

// What is asked for, in turn. An upstream that is not the sample may know other paths only.
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
	rush   = 60               // requests at once, which is more than a client may make
	rushes = 10 * time.Second // from one to the next
)

// Run makes a request each interval until ctx ends, and now and then more than is allowed. What becomes of
// them is in the gateways' telemetry. The error is that of an address that cannot be one.
func Run(ctx context.Context, cfg Config) error {
	conns, err := dial(cfg.GRPC)
	if err != nil {
		return err
	}
	defer closeAll(conns)
	interval := time.Second / time.Duration(cfg.Rate)
	var all sync.WaitGroup
	defer all.Wait()
	if len(cfg.HTTP) > 0 {
		all.Go(func() { makeRequests(ctx, cfg, interval) })
		all.Go(func() { makeRushes(ctx, cfg) })
	}
	if len(conns) > 0 {
		all.Go(func() { makeCalls(ctx, conns, 2*interval) })
	}
	return nil
}

func dial(targets []string) (conns []*grpc.ClientConn, err error) {
	for _, target := range targets {
		conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			closeAll(conns)
			return nil, err
		}
		conns = append(conns, conn)
	}
	return conns, nil
}

func closeAll(conns []*grpc.ClientConn) {
	for _, conn := range conns {
		_ = conn.Close() // nothing is in flight
	}
}

// turn picks one of n gateways, so that each gets all that is asked.
func turn(i, n int) int { return (i + i/len(asked)) % n }

// makeRequests asks for one after the other.
func makeRequests(ctx context.Context, cfg Config, interval time.Duration) {
	client := newCaller(cfg.Client)
	defer client.CloseIdleConnections()
	every(ctx, interval, func(n int) {
		a := asked[n%len(asked)]
		ask(ctx, client, a.method, cfg.HTTP[turn(n, len(cfg.HTTP))].JoinPath(a.path).String())
	})
}

// makeRushes asks for more than a client may, all at once.
func makeRushes(ctx context.Context, cfg Config) {
	client := newCaller(cfg.Rusher)
	defer client.CloseIdleConnections()
	every(ctx, rushes, func(int) {
		var all sync.WaitGroup
		for i := range rush {
			all.Go(func() {
				ask(ctx, client, http.MethodGet, cfg.HTTP[i%len(cfg.HTTP)].JoinPath("/hello").String())
			})
		}
		all.Wait()
	})
}

// makeCalls greets, and every eighth time lets the upstream count to five.
func makeCalls(ctx context.Context, conns []*grpc.ClientConn, interval time.Duration) {
	every(ctx, interval, func(n int) {
		bounded, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		conn := conns[turn(n, len(conns))]
		if n%8 == 7 {
			count(bounded, conn, 5)
			return
		}
		_ = conn.Invoke(bounded, sample.HelloMethod, wrapperspb.String("gopher"), new(wrapperspb.StringValue))
	})
}

// count reads a stream to its end.
func count(ctx context.Context, conn *grpc.ClientConn, n uint32) {
	stream, err := conn.NewStream(ctx, &sample.CountStream, sample.CountMethod)
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

// patience is how long an answer may take.
const patience = 5 * time.Second

// newCaller makes a client with an address of its own.
func newCaller(host string) *http.Client {
	dialer := &net.Dialer{}
	if host != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(host)}
	}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: rush}, Timeout: patience}
}

// ask makes one request.
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
