// Package health answers the three questions an orchestrator asks a process: is it alive, is it
// ready, has it started. It imports the standard library and [core] only.
//
//	reg, err := health.New("app", health.Config{})
//	err = reg.Add(health.Check{Name: "database", Run: db.PingContext})
//	err = reg.Start(ctx)        // begins to check
//	reg.SetState(health.Ready)  // when everything has started
//	reg.SetState(health.Draining) // first thing on the way down
//	report := reg.Report(health.Readiness)
//
// # Words
//
//   - Check: a function that says whether one thing works. It belongs to one [Group].
//   - Degraded: the status of a check whose error matches [ErrDegraded]: the thing works, but worse
//     than it should. Reports, hooks and telemetry show it; no probe fails for it.
//   - Threshold: how many runs in a row it takes to change a check's status, in the words and the
//     sense of a Kubernetes probe. Above 1, one blip does not make a replica unready.
//   - Group: which probe a check is for: [Readiness], [Liveness] or [Startup].
//   - State: where the process is in its life, set by who runs it: [Starting], [Ready],
//     [Draining], [Stopped].
//   - Report: the answer to a probe, as of the last time each check ran.
//
// # Answers
//
//   - Liveness is up while all liveness checks are up; a check that has not run yet counts as up.
//     The state has no part in it. A liveness check looks at the process alone (a stuck loop, a
//     deadlock), never at a database or a peer: what it fails for is mended by a restart of this
//     process, or not at all.
//   - Readiness is up in the state Ready while all readiness checks are up; a check that has not
//     run yet counts as down. Draining makes it fail at once, before anything is stopped.
//   - Startup is up when the state is past Starting and every startup check has been up once;
//     after that the check is not run any more.
//
// In each of these, degraded counts as up.
//
// # Guarantees
//
// Checks run in goroutines of the registry, between its Start and Stop, each on its own interval
// and under its own timeout. A probe reads the cached results, so it answers at once however slow a
// check is. A check that panics, ends its goroutine or exceeds the timeout has failed, and bothers no
// other. It is never run twice at a time: one that does not return has failed once more with each
// interval. It is up again after as many successes as its threshold asks for, without anyone's doing.
// At most 128 checks, the last 128 changes and the last 32 runs of each check are kept.
//
// Package checks below has checks ready made, package watch the telemetry and webhooks of a registry;
// breakers, pools, queues on disk and Redis coordinators make checks of themselves.
package health
