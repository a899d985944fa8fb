// Package resilience measures goflow's resilience policies beside other libraries' in one process:
// run it with go test -bench, or with ../cmd/ratio for a table of ratios.
//
// A benchmark's name ends in what is measured; /impl= names whose it is:
//
//	BenchmarkBreaker/closed/impl=gobreaker/serial   a call that succeeds
//	BenchmarkBreaker/open/impl=gobreaker/parallel   a call that an open breaker rejects
//	BenchmarkStack/impl=failsafe/serial             rate limit, breaker and bulkhead around a call
//	BenchmarkRetry/impl=backoff/serial              a call whose first attempt succeeds
//
// goflow-metered has an OpenTelemetry SDK for metrics and traces, and the caller's context holds no
// span; it is Policy.Do, and core.Call where the call gives a value: in goflow-call-metered and in the
// stack. What is called does nothing. Policies that can be made once for many calls are.
package resilience
