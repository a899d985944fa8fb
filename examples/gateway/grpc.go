package main

import (
	"context"
	"net"
	"time"

	"go.uber.org/fx"
	"google.golang.org/grpc"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/examples/gateway/internal/sample"
	"github.com/goflow-go/goflow/fxmodule/grpcfx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/fxmodule/resiliencefx"
	"github.com/goflow-go/goflow/limit"
)

// The names of what has to do with gRPC.
const (
	grpcGateway  = "gateway-grpc"
	grpcUpstream = "upstream-grpc"
	grpcSample   = "sample-grpc"
)

// grpcProxy fronts a gRPC upstream as the rest does an HTTP one: each client's limit is the same, for calls
// and requests together.
func grpcProxy(cfg config) fx.Option {
	if !cfg.frontsGRPC() {
		return fx.Options()
	}
	return fx.Options(
		limitfx.Concurrency(grpcUpstream, limit.ConcurrencyConfig{Limit: cfg.Concurrency}),
		resiliencefx.Breaker(grpcUpstream, resilience.BreakerConfig{MinCalls: 10, OpenFor: 2 * time.Second}),
		grpcfx.AsClientOption(grpcUpstream, newGRPCGuards),
		grpcfx.Client(grpcUpstream, grpcfx.ClientConfig{Target: cfg.grpcTarget(), Plaintext: true}),
		sampleGRPC(cfg),
		grpcfx.AsServerOption(grpcGateway, newGRPCProxy),
		grpcfx.AsServerOption(grpcGateway, func() grpc.ServerOption { return grpc.ForceServerCodecV2(rawCodec{}) }),
		grpcfx.Serve(grpcGateway, grpcfx.Config{
			Server: flowgrpc.ServerConfig{Addr: cfg.GRPC},
			Limit:  "clients",
		}),
	)
}

// frontsGRPC says whether there is a gRPC upstream.
func (c config) frontsGRPC() bool { return c.GRPC != "" && (c.GRPCUpstream != "" || c.Upstream == "") }

// grpcTarget is whom to call. The sample's address is known later, to who dials.
func (c config) grpcTarget() string {
	if c.GRPCUpstream == "" {
		return "passthrough:///" + grpcSample
	}
	return "dns:///" + c.GRPCUpstream
}

type grpcGuardParams struct {
	fx.In

	Permits *limit.Concurrency  `name:"upstream-grpc"`
	Breaker *resilience.Breaker `name:"upstream-grpc"`
}

// newGRPCGuards are the policies around calls of the upstream. They hold for as long as a call lasts.
func newGRPCGuards(p grpcGuardParams) flowgrpc.ClientOption {
	return flowgrpc.WithPolicies(p.Permits, p.Breaker)
}

type grpcProxyParams struct {
	fx.In

	Upstream *grpc.ClientConn `name:"upstream-grpc"`
}

// newGRPCProxy forwards the calls of services that the gateway does not have itself, as it has the health
// service.
func newGRPCProxy(p grpcProxyParams) grpc.ServerOption {
	return grpc.UnknownServiceHandler(forward(p.Upstream))
}

// sampleGRPC starts a sample service where there is no upstream.
func sampleGRPC(cfg config) fx.Option {
	if cfg.GRPCUpstream != "" {
		return fx.Options()
	}
	return fx.Options(
		grpcfx.AsService(grpcSample, func() func(grpc.ServiceRegistrar) { return sample.Register }),
		grpcfx.Serve(grpcSample, grpcfx.Config{Server: flowgrpc.ServerConfig{Addr: "127.0.0.1:0"}, NoHealth: true}),
		grpcfx.AsDialOption(grpcUpstream, dialSample),
	)
}

type sampleParams struct {
	fx.In

	Sample *flowgrpc.Server `name:"sample-grpc"`
}

func dialSample(p sampleParams) grpc.DialOption {
	return grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		addr := p.Sample.Addr()
		return new(net.Dialer).DialContext(ctx, addr.Network(), addr.String())
	})
}
