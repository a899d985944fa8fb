// Package telemetry is the engines' only path to OpenTelemetry. It imports the API, never the SDK:
// what an application does with the data is decided by the providers it sets up, for which package
// otelsdk is ready to use.
//
// # Words
//
//   - [Scope]: an instance's tracer, logger and span policy.
//   - [Kind]: one sort of engine, and the instruments all its instances share.
//   - [Point]: one metric with the attributes an instance reports it under, fixed at construction.
//   - [Instance]: something whose numbers a Kind reads when a reader collects.
//
// # Rules it holds
//
// Counting happens in the engine's own memory, next to the state the operation touches anyway, and
// costs 2 to 3 ns; one callback per (MeterProvider, Kind) reads it at collection. Metric attributes
// are fixed when a Point is made: no call takes one, so keys, tenants and ids cannot become series.
// Closing an instance folds its totals into its Kind, so no counter ever runs backwards.
//
// Spans are made under a recording parent only ([OnRecordingParent]), unless told otherwise. Work
// whose caller waits is a child ([Scope.Start]); deferred work is a new root linked to where it was
// asked for ([Scope.StartLinked]). Events are log records ([Scope.Event]).
//
// A provider that panics is contained: the operation goes on without telemetry. Providers come by
// [Option]; absent, they are OpenTelemetry's global ones, resolved lazily, so an engine may be made
// before the SDK is set up.
package telemetry
