// Package redis measures goflow's limiters and leases in Redis beside other libraries', against one real
// server: run it with go test -bench, or with ../cmd/ratio for a table of ratios. It needs redis-server 7.0
// or later in PATH, and starts it itself.
//
// A benchmark's name ends in what is measured; /impl= names whose it is:
//
//	BenchmarkDecision/keys=1024/callers=64/impl=redis_rate  permits asked for, and there always are some
//	BenchmarkDecision/keys=1/callers=64/impl=redis_rate     the same of one key, which all ask about
//	BenchmarkShared/goroutines=64/impl=redis_rate           permits that four clients got, of rate*t + burst
//	BenchmarkLock/callers=64/impl=bsm                       a free lock taken and freed, a key for each caller
//
// A caller is a goroutine that asks, waits for the answer, and asks again. So ns/op is the time from answer
// to answer of all of them together, and p50-us and p99-us are how long one waits. cpu-us/op is the processor
// time of this process for each, redis-us/op the server's: where they share processors, as they do here,
// these say more than the clock.
//
// goflow-metered has an OpenTelemetry SDK for metrics and traces, and its coordinator is started;
// goflow-one-metered is a limiter without keys. goflow-batched-metered lets callers share round trips, and
// goflow-leased-metered takes permits from Redis many at a time: what comes in a tenth of a second at most.
// redis_rate-our-client has the client settings that goflow has. bare-gcra and rueidis-gcra are no libraries
// but floors: the shortest script for the work, through go-redis and through rueidis.
package redis
