// Package checks makes checks for a health registry: of an upstream ([HTTP], [TCP]), of a disk
// ([Disk]), of the Go runtime ([Runtime]), and of any number against what it usually is ([Baseline]).
//
//	upstream, err := checks.HTTP("payments", "http://payments/livez", checks.HTTPConfig{Slow: time.Second})
//	upstream.FailureThreshold = 3
//	err = registry.Add(upstream)
//
// Each constructor makes a readiness check with the registry's times and thresholds of 1; change the
// fields of what it returns. A wrong config is an error that names every field at fault.
//
// # Degraded or down
//
// A readiness check that is down takes the replica out of traffic. That helps when the other replicas
// are better off: when this one's disk is full, or its network is cut. When all of them share the
// fault (their database, a burst of load) it helps no one, and takes down what still worked. So
// [Runtime] and [Baseline] only degrade unless told otherwise, and a check of an upstream that all
// replicas share is best made to degrade as well:
//
//	upstream.Run = checks.Degrade(upstream.Run)
//
// The checks that engines make of themselves (resilience.BreakerCheck, sched.PoolCheck, spill.Check,
// flowredis.Check) degrade in the same spirit; [Strict] is the way back. None of these is ever added by
// itself.
//
// No check of this package belongs in the liveness group: a restart mends no upstream and no disk.
package checks

import (
	"context"
	"errors"

	"github.com/goflow-go/goflow/core/health"
)

const pkg = "checks"

// Degrade is run, whose errors mean degraded instead of down. A run that exceeds its timeout, or
// panics, is down nevertheless.
func Degrade(run func(ctx context.Context) error) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		err := run(ctx)
		if err == nil || errors.Is(err, health.ErrDegraded) {
			return err
		}
		return health.Degradedf("%w", err)
	}
}

// Strict is run, whose errors mean down even where run says degraded.
func Strict(run func(ctx context.Context) error) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		err := run(ctx)
		if err == nil || !errors.Is(err, health.ErrDegraded) {
			return err
		}
		return errors.New(err.Error())
	}
}
