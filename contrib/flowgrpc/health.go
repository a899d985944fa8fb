package flowgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/core/health"
)

// Health answers gRPC's health protocol from a health.Registry: what grpc_health_probe, Kubernetes'
// gRPC probes and clients that watch their servers ask for. The service "" is readiness, as are
// "readiness", "liveness" and "startup" those of the registry; no other is known. All methods are
// safe for concurrent use.
//
// It answers from the registry's cached results, so it never waits for a check. When the process is
// draining, readiness is NOT_SERVING at once, and watchers are told.
type Health struct {
	healthpb.UnimplementedHealthServer

	registry *health.Registry
}

var _ healthpb.HealthServer = (*Health)(nil)

// NewHealth makes the service of registry. Register it with [Health.Register].
func NewHealth(registry *health.Registry) *Health { return &Health{registry: registry} }

// Register registers the service at a server.
func (h *Health) Register(s grpc.ServiceRegistrar) { healthpb.RegisterHealthServer(s, h) }

// groups are the probes by the names of services.
var groups = map[string]health.Group{
	"":                        health.Readiness,
	health.Readiness.String(): health.Readiness,
	health.Liveness.String():  health.Liveness,
	health.Startup.String():   health.Startup,
}

// Check answers a probe. A service that is not known is the error NotFound.
func (h *Health) Check(_ context.Context, req *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	s := h.status(req.GetService())
	if s == healthpb.HealthCheckResponse_SERVICE_UNKNOWN {
		return nil, status.Error(codes.NotFound, "unknown service")
	}
	return &healthpb.HealthCheckResponse{Status: s}, nil
}

// List answers all probes.
func (h *Health) List(context.Context, *healthpb.HealthListRequest) (*healthpb.HealthListResponse, error) {
	all := make(map[string]*healthpb.HealthCheckResponse, len(groups))
	for name := range groups {
		all[name] = &healthpb.HealthCheckResponse{Status: h.status(name)}
	}
	return &healthpb.HealthListResponse{Statuses: all}, nil
}

// Watch sends the answer to a probe now and whenever it has changed, until the call's context ends. A
// change that was undone before it could be sent may be left out.
func (h *Health) Watch(req *healthpb.HealthCheckRequest, stream grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	changed := make(chan struct{}, 1)
	defer h.registry.OnChange(func(health.Change) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	ctx := stream.Context()
	sent := healthpb.HealthCheckResponse_UNKNOWN
	for {
		if now := h.status(req.GetService()); now != sent {
			if err := stream.Send(&healthpb.HealthCheckResponse{Status: now}); err != nil {
				return err
			}
			sent = now
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// status is the answer for a service.
func (h *Health) status(service string) healthpb.HealthCheckResponse_ServingStatus {
	group, ok := groups[service]
	if !ok {
		return healthpb.HealthCheckResponse_SERVICE_UNKNOWN
	}
	if h.registry.Report(group).Status != health.Up {
		return healthpb.HealthCheckResponse_NOT_SERVING
	}
	return healthpb.HealthCheckResponse_SERVING
}
