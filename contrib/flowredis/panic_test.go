package flowredis_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
)

// panicky is a hook that panics while it is told to.
type panicky struct{ on atomic.Bool }

func (p *panicky) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (p *panicky) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if p.on.Load() {
			panic("hook")
		}
		return next(ctx, cmd)
	}
}

func (p *panicky) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestHookThatPanicsDoesNotKeepTheGateShut(t *testing.T) {
	t.Parallel()
	hook := &panicky{}
	client := clientOf(t, redistest.Shared(t).Addr())
	client.AddHook(hook)
	c := coordinate(t, client, unhurried)
	l := newBucket(t, c, tenth(5))
	hook.on.Store(true)
	await(t, "degraded mode", patient, func() bool {
		defer func() { _ = recover() }()
		l.Allow(t.Context())
		return c.Mode() == flowredis.Degraded
	})
	hook.on.Store(false)
	await(t, "coordinated mode", patient, func() bool {
		l.Allow(t.Context())
		return c.Mode() == flowredis.Coordinated
	})
}
