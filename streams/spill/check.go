package spill

import (
	"context"
	"errors"

	"github.com/goflow-go/goflow/core/health"
)

// nearlyFull is the share of MaxBytes from which on a queue's check is degraded.
const nearlyFull = 0.9

// Check makes a readiness check of a queue: down while its disk fails, degraded from nine tenths of
// [Config.MaxBytes] on. It is yours to add: a replica whose disk fails is better off out of traffic
// when it can do nothing without the queue, and not when it can.
//
// It looks at what the last push, sync or save met with and touches no disk itself; package checks has
// one of the free space.
func Check(q *Queue) health.Check {
	return health.Check{Name: "spill " + q.Name(), Run: func(context.Context) error {
		if q.failing.Load() {
			return errors.New("the disk fails")
		}
		if bytes := q.Bytes(); float64(bytes) >= nearlyFull*float64(q.cfg.MaxBytes) {
			return health.Degradedf("%d of %d bytes are taken", bytes, q.cfg.MaxBytes)
		}
		return nil
	}}
}
