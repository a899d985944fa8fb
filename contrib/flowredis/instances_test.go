package flowredis_test

import (
	"context"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

func TestInstancesAreCountedByTheirHeartbeats(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	cfg := flowredis.Config{Prefix: prefix(t), Heartbeat: 50 * time.Millisecond}
	var all []*flowredis.Coordinator
	for range 3 {
		c := coordinate(t, clientOf(t, server.Addr()), cfg)
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		await(t, "three instances", patient, func() bool { return c.Instances() == 3 })
	}
	if err := all[2].Stop(context.Background()); err != nil {
		t.Error(err)
	}
	await(t, "two instances", patient, func() bool { return all[0].Instances() == 2 })
	l := newBucket(t, all[0], flowredis.TokenBucketConfig{Rate: limit.PerMinute(1), Burst: 10})
	server.Kill()
	got := 0
	for range 20 {
		if l.Allow(t.Context()) {
			got++
		}
	}
	if got != 5 {
		t.Errorf("a local share of two let %d through, want 5 of 10", got)
	}
	for _, c := range all {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := c.Stop(context.Background()); err != nil {
			t.Errorf("a second Stop: %v", err)
		}
	}
}

func TestCoordinatorCanBeStartedAgain(t *testing.T) {
	t.Parallel()
	c := coordinate(t, clientOf(t, redistest.Shared(t).Addr()), unhurried)
	if err := c.Stop(t.Context()); err != nil {
		t.Errorf("Stop without Start: %v", err)
	}
	for range 3 {
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.Start(t.Context()); err == nil {
			t.Error("a second Start gave no error")
		}
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestModeOfAnIdleProcessIsRightToo(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	c := coordinate(t, clientOf(t, server.Addr()), flowredis.Config{Heartbeat: 100 * time.Millisecond})
	start(t, c)
	server.Kill()
	await(t, "degraded mode", patient, func() bool { return c.Mode() == flowredis.Degraded })
	server.Revive()
	await(t, "coordinated mode", patient, func() bool { return c.Mode() == flowredis.Coordinated })
}
