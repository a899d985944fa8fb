// Package sched measures goflow's scheduler, cron expressions and worker pool beside other libraries' in
// one process: run it with go test -bench, or with ../cmd/ratio for a table of ratios.
//
// A benchmark's name ends in what is measured; /impl= names whose it is:
//
//	BenchmarkTimer/pending=1000000/impl=AfterFunc/serial    the oldest timer cancelled, a new one scheduled
//	BenchmarkLateness/timers=100000/impl=AfterFunc          timers that fire evenly over two seconds
//	BenchmarkHerd/jobs=10000/impl=robfig                    jobs that are all due every second
//	BenchmarkJob/present=1000/impl=gocron/serial            a named job scheduled once, and cancelled
//	BenchmarkCronJob/present=1000/impl=netresearch/serial   a job added by an expression, and removed
//	BenchmarkCronParse/every-5-min/impl=robfig/serial       an expression read
//	BenchmarkCronNext/daily-0230/zone=New_York/impl=go-quartz/serial from an occurrence to the next
//	BenchmarkPool/one-producer/impl=pond/serial             a task handed over and run
//	BenchmarkPool/many-producers/impl=ants/parallel         the same, eight goroutines for each processor
//	BenchmarkWake/impl=channel/serial                       a task handed to a pool at rest, and waited for
//	BenchmarkFuture/impl=conc/serial                        a result asked for, the oldest of 256 taken
//	BenchmarkTaskTelemetry/impl=goflow-noop/serial          the pool's task under each kind of telemetry
//
// goflow-metered has an OpenTelemetry SDK for metrics and traces, and the caller's context holds no span;
// goflow-counters is the same without spans, goflow-noop has providers that do nothing, and goflow is what
// emits nothing. goflow-wheel is no engine but the scheduler's wheel alone: what it holds is called in the
// wheel's own goroutine.
//
// The benchmarks of what fires report how late it was and how much processor time each firing took,
// instead of the time of an operation.
package sched
