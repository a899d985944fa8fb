// Package sched decides when work runs, and where: jobs by a schedule, tasks a while from now, and pools of
// workers for what runs at once.
//
//	s, err := sched.New("maintenance", sched.Config{})
//	...
//	_, err = s.Schedule(ctx, "report", sched.Cron("0 3 * * MON-FRI", "Europe/Paris"), report,
//		sched.WithTimeout(10*time.Minute), sched.WithPolicies(retry))
//	_, err = s.After(ctx, 30*time.Minute, expireCart)
//
// # Words
//
//   - Job: a [Trigger] and a task under a name. Run: one time the task ran, or was to. Occurrence: the time
//     a run was due, whenever it started (core.OccurrenceOf).
//   - Overlap: a job is due while it still runs. Misfire: a run whose time has passed before it could start.
//     Both have a rule for each job.
//   - Lateness, start delay: from when a run was due to when it started.
//   - Worker: a goroutine of a [Pool]. Queue: the tasks that were accepted and wait for one.
//   - Step, compensation: a part of a [Chain], and what undoes it. Stage: a part of a [Pipeline].
//
// # What to use
//
// [Scheduler.Schedule] runs jobs; triggers are [Every], [Cron], [At], [After] and what is made of them:
// [Jitter], [Between], [Union], [Adaptive], [NewBackoff]. [Scheduler.After] runs a task once, a while from now,
// without a name, by the million. [Pool.Submit] runs a task at once that no one waits for, [Go] one whose
// result is wanted, [Pool.Group] many that are one. [NewChain] makes a task of steps that are undone when a
// later one fails, [Batch] one of many that may run together. A [Pipeline] takes items through stages that
// each have workers of their own.
//
// Patterns are compositions: a job that backs off is one under resilience.Retry, one that is throttled is one
// under limit.Reject, one on a condition is one under [When]; the examples show them.
//
// # Guarantees
//
// A job is never early, runs once for each occurrence, and does not drift. When the wall clock is set, or the
// machine was suspended, that is noticed within Config.ClockCheck (30 s): triggers by the wall clock make up
// for what was passed over by their misfire rules, once, and do not repeat what ran; intervals go on. A task
// that was accepted ends as one of: completed, failed, panicked, cancelled, dropped or handed back, and is
// counted so. Panics and runtime.Goexit are contained. Everything is bounded: jobs, timers, workers, queues,
// histories; at the bound the caller gets an error that matches core.ErrRejected, or waits. Stop waits,
// then ends contexts, then says what is left; nothing runs after it, and Start works again.
//
// Timers are in a hierarchical wheel (Varghese and Lauck, 1987) with exact deadlines and one timer of the
// runtime for each processor; nothing polls.
//
// # Telemetry
//
// Runs are counted by job and outcome, timed, and their lateness too; each is a root span of its own, "run
// report", linked to the span under which the job was scheduled. Tasks are counted by pool and outcome; a task
// is a span, "execute images", when its caller's span records: a child of it when the caller waits, a root
// linked to it when not. Where tasks come faster than 50,000 a second, one in 64 is timed. Missed
// runs, panics and steps of the clock are events, one for each.
//
// # When not to use it
//
// What must run although this process dies needs a queue that outlives it. Jobs that must run once among
// several processes need a lock or a leader around them.
package sched
