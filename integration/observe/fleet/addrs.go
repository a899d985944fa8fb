package fleet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Addrs are where the programs listen, as host:port.
type Addrs struct {
	// Redis is the server that the gateways share.
	Redis string
	// Gateways are the two of them.
	Gateways [2]Gateway
	// OTLP is where the Collector takes OTLP over HTTP, and OTLPGRPC over gRPC.
	OTLP, OTLPGRPC string
	// Spans has the metrics that the Collector makes of spans, Collector those of itself, and Health its health.
	Spans, Collector, Health string
	// Prometheus is its API and its pages.
	Prometheus string
}

// Gateway is where one of them listens.
type Gateway struct {
	// HTTP is where it takes requests, GRPC calls, and Admin has the console, probes and metrics.
	HTTP, GRPC, Admin string
}

// WellKnown are the addresses that each program is known by. Prometheus has another: the gateway has its usual one.
func WellKnown() Addrs {
	return Addrs{
		Redis: "127.0.0.1:6399",
		Gateways: [2]Gateway{
			{"127.0.0.1:8080", "127.0.0.1:50051", "127.0.0.1:9090"},
			{"127.0.0.1:8081", "127.0.0.1:50052", "127.0.0.1:9091"},
		},
		OTLP: "127.0.0.1:4318", OTLPGRPC: "127.0.0.1:4317",
		Spans: "127.0.0.1:8889", Collector: "127.0.0.1:8888", Health: "127.0.0.1:13133",
		Prometheus: "127.0.0.1:9292",
	}
}

// Free picks addresses that nothing listens on.
func Free() (a Addrs, err error) {
	ports, err := freePorts(len(a.all()))
	if err != nil {
		return a, err
	}
	for i, addr := range a.all() {
		*addr = ports[i]
	}
	return a, nil
}

// Taken is an error that names an address which something else listens on.
func (a Addrs) Taken() error {
	for _, addr := range a.all() {
		l, err := listen(*addr)
		if err != nil {
			return fmt.Errorf("fleet: %s is taken: %w", *addr, err)
		}
		_ = l.Close()
	}
	return nil
}

func (a *Addrs) all() []*string {
	all := []*string{&a.Redis, &a.OTLP, &a.OTLPGRPC, &a.Spans, &a.Collector, &a.Health, &a.Prometheus}
	for i := range a.Gateways {
		g := &a.Gateways[i]
		all = append(all, &g.HTTP, &g.GRPC, &g.Admin)
	}
	return all
}

// picked are the addresses that this process has picked: of two fleets that start at a time none gets another's.
var picked sync.Map

// freePorts picks ports below those that the kernel gives to outgoing connections.
func freePorts(n int) (addrs []string, err error) {
	for range 100 * n {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(12_000+rand.IntN(20_000)))
		if _, known := picked.LoadOrStore(addr, nil); known {
			continue
		}
		if l, err := listen(addr); err == nil {
			_ = l.Close()
			addrs = append(addrs, addr)
		}
		if len(addrs) == n {
			return addrs, nil
		}
	}
	return nil, fmt.Errorf("fleet: no %d free ports", n)
}

func listen(addr string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
}
