package resilience

import (
	"context"

	"github.com/goflow-go/goflow/core/health"
)

// BreakerCheck makes a readiness check of a breaker: degraded while it is not closed. It is yours to
// add, and it never fails a probe, because an open breaker is protection that works: what it calls is
// down for all replicas, and none would be better off out of traffic. Where a replica is of no use
// without what the breaker guards, let package checks make degraded mean down:
//
//	check := resilience.BreakerCheck(b)
//	check.Run = checks.Strict(check.Run)
func BreakerCheck(b *Breaker) health.Check {
	return health.Check{Name: "breaker " + b.Name(), Run: func(context.Context) error {
		p := b.phase.Load()
		switch {
		case p.state == Closed:
			return nil
		case p.forced:
			return health.Degradedf("%v, which an operator said", p.state)
		}
		return health.Degradedf("%v", p.state)
	}}
}
