package flowredis

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// Check makes a readiness check of a coordinator: degraded while Redis cannot be asked and each
// limiter's [Fallback] decides. It asks nothing itself: the mode is what decisions and heartbeats found.
// It is yours to add, and it never fails a probe, because a replica that limits on its own still works,
// and all replicas have the same Redis.
func Check(c *Coordinator) health.Check {
	return health.Check{Name: "coordination " + c.Name(), Run: func(context.Context) error {
		if c.Mode() == Coordinated {
			return nil
		}
		return health.Degradedf("Redis cannot be asked: %d instances limit on their own", c.Instances())
	}}
}

// Ping makes a readiness check of a client's server: down when a PING is not answered. Add it where a
// replica is of no use without Redis; then all of them leave the traffic together. Its errors may show
// the address.
func Ping(name string, client redis.UniversalClient) (health.Check, error) {
	var faults core.Faults
	faults.Require(client != nil, "client", client, "must not be nil")
	if err := core.Configure(pkg, name, faults.Err()); err != nil {
		return health.Check{}, err
	}
	return health.Check{Name: name, Run: func(ctx context.Context) error { return client.Ping(ctx).Err() }}, nil
}
