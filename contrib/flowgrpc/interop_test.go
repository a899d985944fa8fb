package flowgrpc_test

import (
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/health" // the client side of health checks, which a service config asks for
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/limit"
)

const retrying = `{"methodConfig": [{"name": [{}], "retryPolicy": {
	"maxAttempts": 3, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1,
	"retryableStatusCodes": ["RESOURCE_EXHAUSTED", "UNAVAILABLE"]}}]}`

func TestTheRetriesOfAnOrdinaryClientWaitAsLongAsTheyAreTold(t *testing.T) {
	t.Parallel()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerSecond(5), Burst: 1})
	g := newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithLimit(clients))
	c := serve(t, &service{duplex: echo}, g.ServerOptions(), grpc.WithDefaultServiceConfig(retrying))
	start := time.Now()
	for range 2 {
		if _, err := c.EmptyCall(t.Context(), &pb.Empty{}); err != nil {
			t.Fatal(err)
		}
	}
	if got, _, err := exchange(t, c, 1); err != nil || got != 1 {
		t.Errorf("a stream: %d messages (%v)", got, err)
	}
	if took := time.Since(start); took < 390*time.Millisecond {
		t.Errorf("3 calls at 5/s took %v, want 400ms: the backoff of 1ms alone would not have done", took)
	}
}

func TestTheRetriesOfAnOrdinaryClientDoNotHangInALongWait(t *testing.T) {
	t.Parallel()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 1})
	g := newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithLimit(clients))
	var sent atomic.Int64
	c := serve(t, &service{}, g.ServerOptions(), grpc.WithDefaultServiceConfig(retrying))
	for range 2 {
		sent.Add(1)
		if _, err := c.EmptyCall(t.Context(), &pb.Empty{}); sent.Load() == 2 {
			wantCode(t, err, codes.ResourceExhausted)
		}
	}
}

func TestWithPoliciesGRPCsOwnRetriesAreOff(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	permits := &gauge{}
	client := newClient(t, flowgrpc.WithPolicies(permits))
	l := counting{&sent}
	g := newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithLimit(l))
	c := serve(t, &service{}, g.ServerOptions(), append(client.DialOptions(), grpc.WithDefaultServiceConfig(retrying))...)
	_, err := c.EmptyCall(t.Context(), &pb.Empty{})
	wantCode(t, err, codes.ResourceExhausted)
	if got := sent.Load(); got != 1 {
		t.Errorf("sent %d times, want once", got)
	}
}

func TestAnOrdinaryClientThatChecksHealthFollowsTheRegistry(t *testing.T) {
	t.Parallel()
	registry, err := health.New("app", health.Config{})
	if err != nil {
		t.Fatal(err)
	}
	registry.SetState(health.Ready)
	s := newServer(t, func(r grpc.ServiceRegistrar) {
		flowgrpc.NewHealth(registry).Register(r)
		pb.RegisterTestServiceServer(r, &service{})
	})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, s.Addr().String(), grpc.WithDefaultServiceConfig(
		`{"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}}`))
	c := pb.NewTestServiceClient(conn)
	if _, err := c.EmptyCall(t.Context(), &pb.Empty{}); err != nil {
		t.Fatal(err)
	}
	registry.SetState(health.Draining)
	for err == nil { // until the client knows
		_, err = c.EmptyCall(t.Context(), &pb.Empty{})
	}
	wantCode(t, err, codes.Unavailable)
	registry.SetState(health.Ready)
	if _, err := c.EmptyCall(t.Context(), &pb.Empty{}, grpc.WaitForReady(true)); err != nil {
		t.Error(err)
	}
	res, err := healthpb.NewHealthClient(connect(t, s.Addr().String())).Check(t.Context(), &healthpb.HealthCheckRequest{Service: "liveness"})
	if err != nil || res.GetStatus() != serving {
		t.Errorf("liveness is %v (%v)", res.GetStatus(), err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
