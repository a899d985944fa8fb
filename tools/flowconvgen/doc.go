// Flowconvgen writes package flowconv and the telemetry catalogue from telemetry/registry.yaml, the
// single source of every name goflow emits. Run it through `make generate`; with -check it writes
// nothing and fails when a committed file is not what it would write.
//
// The registry is read strictly: an unknown field, an unknown reference, a duplicate or a missing
// brief is an error that names its group, and nothing is written.
package main
