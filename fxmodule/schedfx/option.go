package schedfx

import (
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/sched"
)

// Option says how [AsJob] runs a job, beside what its sched.Spec says.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct{ once bool }

// Once runs the job once among all instances of the application: under lease.Once, outside of the job's
// other policies, with the application's *lease.Locker, as leasefx.Module and fxmodule.Module provide it.
// Among which instances is a matter of where that keeps its leases: in Redis with package redisfx, and
// otherwise in this process, where the job runs as it would without. The job's trigger must go by the
// wall clock, as sched.Every and sched.Cron do.
//
// A run waits for its lease: while another instance runs it, and while the store of leases is away. Stopping
// the application waits for it too, so the job should have a sched.WithTimeout, which ends the waiting.
func Once() Option { return optionFunc(func(o *options) { o.once = true }) }

// scheduleOnce adds a job that runs once among all instances. fx makes the locker first, so the job is
// drained before it is closed.
func scheduleOnce(in job, spec sched.Spec, l *lease.Locker) error {
	spec.Options = append([]sched.JobOption{sched.WithPolicies(lease.Once(l))}, spec.Options...)
	return schedule(in, spec)
}
