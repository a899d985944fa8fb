package main

// The ways in which fewer round trips do.
const (
	batched = "goflow-batched-metered"
	leased  = "goflow-leased-metered"
)

// redisGoals are the goals of what is decided in Redis. Of the rate of all of them the ratio is of times:
// twice as many a second is 0.5x.
var redisGoals = []goal{
	{"decision in Redis, 64 callers", place{"Decision/keys=1024/callers=64", 2, "ns/op"}, ours, ratioAtMost, "redis_rate", 0.9091},
	{"decision in Redis, 64 callers, of the same client", place{"Decision/keys=1024/callers=64", 2, "ns/op"}, ours, ratioAtMost, "redis_rate-our-client", 0.9091},
	{"decision in Redis, 64 callers: allocations", place{"Decision/keys=1024/callers=64", 2, "allocs/op"}, ours, ratioAtMost, "redis_rate", 0.5},
	{"decision in Redis, 64 callers: p99", place{"Decision/keys=1024/callers=64", 2, "p99-us"}, ours, ratioAtMost, "redis_rate", 1},
	{"decision in Redis, one key, 64 callers", place{"Decision/keys=1/callers=64", 2, "ns/op"}, ours, ratioAtMost, "redis_rate", 0.9091},
	{"decision in Redis, batched, 64 callers", place{"Decision/keys=1024/callers=64", 2, "ns/op"}, batched, ratioAtMost, "redis_rate", 0.5},
	{"decision in Redis, batched, one key, 64 callers", place{"Decision/keys=1/callers=64", 2, "ns/op"}, batched, ratioAtMost, "redis_rate", 0.5},
	{"decision in Redis, leased, one key, 64 callers", place{"Decision/keys=1/callers=64", 2, "ns/op"}, leased, ratioAtMost, "redis_rate", 0.0333},
	{"permits of four clients, 64 goroutines", place{"Shared/goroutines=64", 2, "admitted/allowed"}, ours, figureAtMost, "redis_rate", 1},
	{"permits of four clients, batched, 64 goroutines", place{"Shared/goroutines=64", 2, "admitted/allowed"}, batched, figureAtMost, "redis_rate", 1},
	{"permits of four clients, leased, 64 goroutines", place{"Shared/goroutines=64", 2, "admitted/allowed"}, leased, figureAtMost, "redis_rate", 1},
	{"lock and unlock, of redsync", place{"Lock/callers=1", 2, "ns/op"}, ours, ratioAtMost, "redsync", 1},
	{"lock and unlock, of bsm", place{"Lock/callers=1", 2, "ns/op"}, ours, ratioAtMost, "bsm", 1},
	{"lock and unlock, of rueidislock", place{"Lock/callers=1", 2, "ns/op"}, ours, ratioAtMost, "rueidislock", 1},
	{"lock and unlock, 64 callers, of redsync", place{"Lock/callers=64", 2, "ns/op"}, ours, ratioAtMost, "redsync", 1},
	{"lock and unlock, 64 callers, of bsm", place{"Lock/callers=64", 2, "ns/op"}, ours, ratioAtMost, "bsm", 1},
	{"lock and unlock, 64 callers, of rueidislock", place{"Lock/callers=64", 2, "ns/op"}, ours, ratioAtMost, "rueidislock", 1},
	{"lock and unlock: allocations", place{"Lock/callers=64", 2, "allocs/op"}, ours, ratioAtMost, "bsm", 1},
}
