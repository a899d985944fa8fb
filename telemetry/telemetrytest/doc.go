// Package telemetrytest records the telemetry of a test in memory: what engines emit, for goflow's
// tests and for those of its users.
//
//	rec := telemetrytest.New(t)
//	tb, err := limit.NewTokenBucket("checkout", cfg, limit.WithTelemetry(rec.Options()...))
//	...
//	rec.RequireSum("goflow.limiter.decisions", 3, flowconv.LimiterOutcomeKey.String("denied"))
//
// # What it gives
//
//   - Reading: [Recorder.Spans], [Recorder.Points], [Recorder.Logs], [Recorder.Collect].
//   - Requirements, which end the test with a list of what there was instead:
//     [Recorder.RequireSpan], [Recorder.RequireMetric], [Recorder.RequireSum],
//     [Recorder.RequireEvent] and their opposites.
//   - Golden text of everything recorded: [Recorder.Golden].
//   - The contract with the registry of names: [Recorder.RequireDeclared] (nothing is emitted that
//     is not declared) and [Recorder.RequireEmitted] (nothing is declared that is not emitted).
//
// Attributes given to a requirement match as a subset: what has them and more matches too.
//
// # In a bubble
//
// A Recorder starts no goroutine: spans are recorded as they end, metrics are read when asked for.
// So it works inside a testing/synctest bubble, where durations are exact; there a golden text holds
// them to the nanosecond. Spans are sampled always, whatever the environment says, and the global
// providers are neither used nor changed.
//
// A Recorder is safe for concurrent use. Its requirements end the test, so they are called from the
// test's own goroutine.
package telemetrytest
