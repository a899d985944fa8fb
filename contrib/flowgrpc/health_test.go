package flowgrpc_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core/health"
)

const (
	serving    = healthpb.HealthCheckResponse_SERVING
	notServing = healthpb.HealthCheckResponse_NOT_SERVING
	unknown    = healthpb.HealthCheckResponse_SERVICE_UNKNOWN
)

// probed serves the health service of a registry over TCP.
func probed(t *testing.T) (*health.Registry, *flowgrpc.Server, healthpb.HealthClient) {
	t.Helper()
	registry, err := health.New("app", health.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, flowgrpc.NewHealth(registry).Register)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return registry, s, healthpb.NewHealthClient(connect(t, s.Addr().String()))
}

func TestHealthAnswersAsTheRegistryDoes(t *testing.T) {
	t.Parallel()
	registry, _, client := probed(t)
	for _, c := range []struct {
		state health.State
		want  map[string]healthpb.HealthCheckResponse_ServingStatus
	}{
		{health.Starting, map[string]healthpb.HealthCheckResponse_ServingStatus{"": notServing, "readiness": notServing, "liveness": serving, "startup": notServing}},
		{health.Ready, map[string]healthpb.HealthCheckResponse_ServingStatus{"": serving, "readiness": serving, "liveness": serving, "startup": serving}},
		{health.Draining, map[string]healthpb.HealthCheckResponse_ServingStatus{"": notServing, "readiness": notServing, "liveness": serving, "startup": serving}},
	} {
		registry.SetState(c.state)
		all, err := client.List(t.Context(), &healthpb.HealthListRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for service, want := range c.want {
			res, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
			if err != nil || res.GetStatus() != want {
				t.Errorf("%v: %q is %v (%v), want %v", c.state, service, res.GetStatus(), err, want)
			}
			if got := all.GetStatuses()[service].GetStatus(); got != want {
				t.Errorf("%v: %q is listed as %v, want %v", c.state, service, got, want)
			}
		}
	}
	_, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: "no.such.Service"})
	wantCode(t, err, codes.NotFound)
}

func TestWatchersAreToldOfEachChange(t *testing.T) {
	t.Parallel()
	registry, server, client := probed(t)
	watch := func(service string) func(want healthpb.HealthCheckResponse_ServingStatus) {
		w, err := client.Watch(t.Context(), &healthpb.HealthCheckRequest{Service: service})
		if err != nil {
			t.Fatal(err)
		}
		return func(want healthpb.HealthCheckResponse_ServingStatus) {
			t.Helper()
			if want == 0 {
				_, err := w.Recv()
				wantCode(t, err, codes.Unavailable)
				return
			}
			if res, err := w.Recv(); err != nil || res.GetStatus() != want {
				t.Errorf("%q: told %v (%v), want %v", service, res.GetStatus(), err, want)
			}
		}
	}
	readiness, liveness, other := watch(""), watch("liveness"), watch("no.such.Service")
	readiness(notServing)
	liveness(serving)
	other(unknown)
	registry.SetState(health.Ready)
	readiness(serving)
	registry.SetState(health.Draining)
	readiness(notServing)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := server.Stop(ctx); err != nil { // which no watcher holds up
		t.Error(err)
	}
	readiness(0)
	liveness(0)
	other(0)
}

func TestAWatcherThatLeavesIsForgotten(t *testing.T) {
	t.Parallel()
	_, _, client := probed(t)
	ctx, cancel := context.WithCancel(t.Context())
	w, err := client.Watch(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Recv(); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = w.Recv()
	wantCode(t, err, codes.Canceled)
}
