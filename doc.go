// Package goflow is the overview of a suite of engines for Go services: rate limiting, resilience,
// scheduling, streams, with OpenTelemetry built into every operation. It holds no code; see the
// packages below it.
//
//   - core: [Task, Policy, Compose, Call, Service], what everything else is built around.
//   - core/health: checks, and when a process is live and ready.
//   - core/resilience: retry, breaker, timeout, hedge, fallback.
//   - core/lease: locks, leaders and once across instances, with fencing tokens.
//   - limit: rates, windows and what runs at the same time, for one or for each key.
//   - streams: typed streams; streams/spill, a queue on disk; streams/writer, an asynchronous writer.
//   - sched: jobs by a schedule, tasks later, worker pools, chains, pipelines.
//   - telemetry: the engines' path to OpenTelemetry; telemetry/otelsdk sets up the SDK for an
//     application; telemetry/telemetrytest records telemetry in tests.
//   - contrib/flowhttp, contrib/flowadmin: net/http middleware and client; probes and metrics.
//   - contrib/flowredis: limits, locks, leaders and streams that processes share, in Redis.
//   - fxmodule: all of it for applications on go.uber.org/fx.
//   - examples: programs to copy from; examples/gateway is the one to run first.
package goflow
