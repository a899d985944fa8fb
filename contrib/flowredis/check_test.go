package flowredis_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/internal/redistest"
)

func TestChecksTellWhetherRedisCanBeAsked(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	client := calmClient(t, server.Addr())
	c := coordinate(t, client, flowredis.Config{Budget: 200 * time.Millisecond})
	l := newBucket(t, c, plenty)
	mode := flowredis.Check(c)
	ping, err := flowredis.Ping("redis", client)
	if err != nil {
		t.Fatal(err)
	}
	if mode.Name != "coordination shared" || ping.Name != "redis" {
		t.Errorf("checks are called %q and %q", mode.Name, ping.Name)
	}
	if err := errors.Join(mode.Run(t.Context()), ping.Run(t.Context())); err != nil {
		t.Errorf("while Redis runs: %v", err)
	}
	server.Kill()
	for c.Mode() == flowredis.Coordinated && t.Context().Err() == nil {
		_, _ = l.Take(t.Context(), 1)
	}
	if err := mode.Run(t.Context()); !errors.Is(err, health.ErrDegraded) || !strings.HasPrefix(err.Error(), "Redis cannot be asked") {
		t.Errorf("the mode's check without Redis: %v", err)
	}
	if err := ping.Run(t.Context()); err == nil || errors.Is(err, health.ErrDegraded) {
		t.Errorf("a ping without Redis: %v", err)
	}
}

func TestPingNeedsAClient(t *testing.T) {
	t.Parallel()
	if _, err := flowredis.Ping("redis", nil); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
