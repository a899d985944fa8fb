// Package streams measures goflow's streams, its writer and its queue on disk beside other libraries' in
// one process: run it with go test -bench, or with ../cmd/ratio for a table of ratios.
//
// A benchmark's name ends in what is measured; /impl= names whose it is:
//
//	BenchmarkPipeline/channel/unordered/impl=rill    filter, map in ten goroutines, batch, store
//	BenchmarkMapFilterSum/slice/impl=ro              three steps over a slice
//	BenchmarkParallelMap/tiny/ordered/impl=conc      a map in eight goroutines, of a function that adds one
//	BenchmarkParallelMap/10us/ordered/impl=ideal     the same, of one that keeps a processor busy
//	BenchmarkBatch/channel/impl=lo                   batches of a thousand, or of a second
//	BenchmarkGroup/keys=64/impl=lo                   items counted by key
//	BenchmarkTelemetry/batches/impl=goflow           the same steps under each kind of telemetry
//	BenchmarkWriter/goroutines=8/impl=zap            lines written to a file, closing included
//	BenchmarkWriterTail/goroutines=8/impl=phuslu     how long a write takes meanwhile
//	BenchmarkQueue/each=64/impl=rosedb               records pushed to disk, then popped
//	BenchmarkDurable/goroutines=8/impl=tidwall       records pushed, each synced
//	BenchmarkOverflow/burst/impl=victoriametrics     records handed over in memory, then on disk
//	BenchmarkDamage/bit-flipped/impl=rosedb          records that damage costs
//	BenchmarkEarlyStop/take=10/impl=rill             goroutines left when a call has returned
//	BenchmarkPanic/steps/impl=lo-it                  panics that come back as errors
//
// goflow-metered has a name and an OpenTelemetry SDK for metrics and traces; goflow has no name and emits
// nothing. ideal and channel-read are no libraries but floors. All report the time of an item or a record
// instead of a run's, and check in every run that what came out is right.
package streams
