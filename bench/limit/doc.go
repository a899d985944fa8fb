// Package limit measures goflow's limiters beside other libraries' in one process: run it with
// go test -bench, or with ../cmd/ratio for a table of ratios.
//
// A benchmark's name ends in what is measured; /impl= names whose it is:
//
//	BenchmarkBucket/allowed/impl=x-time/serial       one bucket, permits free at every call
//	BenchmarkBucket/denied/impl=x-time/parallel      one bucket, none free; all goroutines on it
//	BenchmarkKeyed/keys=1000000/impl=sethvargo/serial a bucket for each key, asked in random order
//	BenchmarkPace/rate=1000/impl=uber                permits a blocked goroutine got, of those asked
//	BenchmarkAdmitted/goroutines=1024/impl=juju      permits given, of rate*t + burst
//	BenchmarkConcurrency/free/impl=x-sync/parallel   a permit taken and released, no one waits
//	BenchmarkConcurrency/contended/impl=x-sync/parallel the same with one permit, which all wait for
//	BenchmarkAdaptive/impl=failsafe/serial           a call admitted, and its success recorded
//	BenchmarkThrottle/impl=failsafe/serial           the same, of a client-side throttle
//
// goflow is there in several states. goflow-metered is what an application has: an OpenTelemetry SDK
// for metrics and traces is set up, and the caller's context holds no span. goflow-counters is the
// same without spans, goflow-noop has providers that do nothing, goflow-recording-parent makes a span
// of each decision, because the caller's span records. goflow-sharded-metered is the bucket for high rates. bare-gcra is no library but the floor: the
// same algorithm in a few lines that count nothing.
//
// Every call is made through a func value, which costs each of them the same nanosecond.
package limit
