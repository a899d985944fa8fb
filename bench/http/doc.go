// Package http measures what goflow adds to HTTP servers and clients beside failsafe-go's, in one process:
// run it with go test -bench, or with ../cmd/ratio for a table of ratios.
//
// A benchmark's name ends in what is measured; /impl= names whose it is:
//
//	BenchmarkHTTPServer/memory/impl=failsafehttp/serial  a request handled, without a network
//	BenchmarkHTTPServer/loopback/impl=otelhttp/parallel  the same with a connection to a client in this process
//	BenchmarkHTTPClient/memory/impl=net-http/serial      a request sent, and its answer closed, without a network
//	BenchmarkHTTPClient/loopback/impl=otelhttp/serial    the same with a server in this process
//
// net-http has nothing around the handler or the transport. All others have otelhttp around everything, with
// the same configuration: an OpenTelemetry SDK for metrics and traces, which keeps one trace in a hundred, as
// many applications have it. goflow-recording and otelhttp-recording keep every trace. On a server, policies are
// a rate limit, a concurrency limit and a breaker, goflow's rate limit being one for each client, shown in
// header fields; on a client a timeout, a retry and a breaker, in goflow's resilience.Standard with a timeout
// for each attempt as well. No policy refuses anything. The handler and the answers are empty.
package http
