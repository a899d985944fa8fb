package sched

import (
	"context"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// checkThreshold is how many runs of a pool's check in a row must find the queue full.
const checkThreshold = 3

// PoolCheck makes a readiness check of a pool: degraded when at least share of its queue, above 0 and
// at most 1, is taken in three runs in a row, which is 20 s at the registry's usual interval. Change
// FailureThreshold and Interval of what it returns for another time. It is yours to add, and it never
// fails a probe, because a replica that leaves the traffic for having much to do leaves it to the
// others, which have as much.
func PoolCheck(p *Pool, share float64) (health.Check, error) {
	var faults core.Faults
	faults.Require(share > 0 && share <= 1, "share", share, "must be above 0 and at most 1")
	if err := core.Configure(pkg, p.Name(), faults.Err()); err != nil {
		return health.Check{}, err
	}
	full := func(context.Context) error {
		s := p.Stats()
		if float64(s.Queued) < share*float64(s.Capacity) {
			return nil
		}
		return health.Degradedf("%d tasks wait of %d, %d of %d workers run one", s.Queued, s.Capacity, s.Running, s.Limit)
	}
	return health.Check{Name: "pool " + p.Name(), Run: full, FailureThreshold: checkThreshold}, nil
}
