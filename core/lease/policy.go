package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Exclusive is a policy that runs the task while it holds key: tasks under the same key do not overlap, in
// whatever process they run. It waits for its turn. The task's context ends with the lease, and [TokenOf]
// finds its fencing token there. The key is held until the task has returned, even if ctx ended before.
func Exclusive(l *Locker, key string) core.Policy { return exclusive(l, key, true) }

// TryExclusive is [Exclusive] that does not wait: while the key is held, the task is not run, and the error
// matches core.ErrRejected. A scheduled job's run is skipped then.
func TryExclusive(l *Locker, key string) core.Policy { return exclusive(l, key, false) }

func exclusive(l *Locker, key string, wait bool) core.Policy {
	return core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		lease, err := l.acquire(request{ctx: ctx, holder: ctx, key: key, wait: wait, keep: true})
		if err != nil {
			return err
		}
		return lease.run(ctx, task, func(error) time.Duration { return 0 })
	})
}

// Once is a policy that runs a task once for each core.Occurrence: of all instances whose schedulers have the
// same job, the first to come runs it, while it holds a lease on the job's name and scheduled time. Outside
// an occurrence it returns an error that matches core.ErrInvalid.
//
// The others wait for the end of that run. When it has run they return an error that matches
// core.ErrRejected and [ErrDone], so their schedulers count a skipped run. When the process that runs it
// has died, one of them takes over, at most the lease's TTL and a moment later, with the same occurrence.
// So a task runs at least once, and again only if its holder died, stood still or lost the store. That it
// has run is remembered for [Config.DoneFor], for instances whose clocks are slow.
//
// A run that failed or panicked has run, as with cron: to try again, put a resilience.Retry inside. A run that
// was told to end (ctx was cancelled, as when the process shuts down), or that a policy inside refused with
// core.ErrRejected, has not: it is left to the others.
//
// Occurrences are the same in all instances for triggers that go by the wall clock, such as sched.Cron; an
// interval that begins when the process starts is not.
func Once(l *Locker) core.Policy {
	return core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		o, ok := core.OccurrenceOf(ctx)
		if !ok {
			return l.invalid("Once is for the runs of scheduled jobs: there is no core.Occurrence")
		}
		key := "once:" + o.Job + "@" + o.Time.UTC().Format(time.RFC3339Nano)
		lease, err := l.acquire(request{ctx: ctx, holder: ctx, key: key, wait: true, keep: true})
		if err != nil {
			return err
		}
		return lease.run(ctx, task, func(err error) time.Duration {
			if errors.Is(err, core.ErrRejected) || errors.Is(ctx.Err(), context.Canceled) && err != nil {
				return 0
			}
			return l.cfg.DoneFor
		})
	})
}

// run runs task under the lease and releases it, for as long as keep says that it is done. The task's error
// counts, not that of the release: what was done is done, and telemetry tells the rest. When the task
// panics, or ends its goroutine, the lease is released and the panic goes on.
func (l *Lease) run(ctx context.Context, task core.Task, keep func(error) time.Duration) error {
	err := core.ErrAborted
	defer func() { _ = l.release(ctx, keep(err)) }()
	err = task(l.ctx)
	return because(l.why(), err)
}

// because reports the end of a lease as why a task failed.
func because(ended *EndedError, err error) error {
	if err == nil || ended == nil || errors.Is(err, ended.why.sentinel()) {
		return err
	}
	return fmt.Errorf("%w: %w", ended, err)
}
