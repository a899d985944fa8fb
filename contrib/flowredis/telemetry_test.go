package flowredis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

var (
	coordinated = flowconv.CoordinationModeKey.String("coordinated")
	degraded    = flowconv.CoordinationModeKey.String("degraded")
	denied      = flowconv.LimiterOutcomeKey.String("denied")
	allowed     = flowconv.LimiterOutcomeKey.String("allowed")
)

func TestTelemetryIsAsDeclared(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	to := flowredis.WithTelemetry(rec.Options()...)
	server := redistest.Single(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: patient, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	c := coordinate(t, client, unhurried, to)
	rec.RequireEvent(flowconv.EventCoordinationClientSetting, flowconv.CoordinationSettingKey.String("ContextTimeoutEnabled"))
	rec.RequireSum("goflow.coordination.mode", 1, coordinated)
	rec.RequireSum("goflow.coordination.mode", 0, degraded)
	l := newBucket(t, c, flowredis.TokenBucketConfig{Rate: limit.PerMinute(1), Burst: 3, Fallback: flowredis.FailClosed}, to)
	k := newKeyed(t, c, flowredis.TokenBucketConfig{Rate: limit.PerMinute(1)}, to, flowredis.WithKeyAttribute(limit.HashKey))
	rec.RequireSum("goflow.limiter.decisions", 0, denied) // from birth

	ctx, parent := rec.StartSpan(t.Context(), "request")
	l.Allow(ctx)
	k.Allow(ctx, "ann")
	k.Allow(ctx, "ann")
	if err := errors.Join(l.Wait(ctx), l.SetBurst(ctx, 2)); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithCancel(ctx)
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := l.Wait(soon); err == nil {
		t.Error("there was a permit")
	}
	leases := newKeyed(t, c, leased(limit.PerHour(1), 10, 5), to)
	rec.RequireSum("goflow.coordination.leases", 0, flowconv.CoordinationLeaseResultKey.String("returned")) // from birth
	leases.Allow(ctx, "ann")
	rec.RequireSum("goflow.coordination.leases", 1, flowconv.CoordinationLeaseResultKey.String("granted"))
	permits, err := flowredis.NewConcurrency("db", c, flowredis.ConcurrencyConfig{Limit: 1, Lease: time.Minute}, to)
	made(t, permits, err)
	for range 2 {
		_, _ = permits.TryAcquire(ctx, 1)
	}
	rec.RequireSpan("acquire db", coordinated, allowed)
	rec.RequireSpan("acquire db", coordinated, denied)
	server.Kill()
	await(t, "degraded mode", patient, func() bool {
		_, _ = l.Take(ctx, 1)
		return c.Mode() == flowredis.Degraded
	})
	k.Allow(ctx, "ann")
	parent.End()

	span := rec.RequireSpan("allow api", coordinated, allowed)
	if span.Parent().SpanID() != parent.SpanContext().SpanID() {
		t.Error("the decision is not a child of its caller's span")
	}
	rec.RequireSpan("allow clients", coordinated, denied, flowconv.LimiterKeyKey.String(limit.HashKey("ann")))
	rec.RequireSpan("allow clients", degraded, allowed)
	rec.RequireSpan("take api", degraded, denied, flowconv.ErrorTypeKey.String("unavailable"))
	rec.RequireSpan("wait api", coordinated)
	rec.RequireEvent(flowconv.EventCoordinationModeChange, degraded)
	rec.RequireSum("goflow.coordination.mode", 1, degraded)
	rec.RequireSum("goflow.coordination.instances", 1)
	rec.RequireSum("goflow.coordination.fallbacks", 1, flowconv.CoordinationFallbackKey.String("local"))
	rec.RequireDeclared()
	for _, name := range []string{
		"goflow.coordination.mode", "goflow.coordination.instances", "goflow.coordination.round_trip",
		"goflow.coordination.fallbacks", "goflow.coordination.decisions", "goflow.coordination.client_setting",
	} {
		rec.RequireEmitted(name)
	}
	server.Revive()
	await(t, "coordinated mode", patient, func() bool {
		l.Allow(t.Context())
		return c.Mode() == flowredis.Coordinated
	})
	rec.RequireEvent(flowconv.EventCoordinationModeChange, coordinated)
}
