package main

// instrumented is what HTTP benchmarks all stand on: what others add is measured from there.
const instrumented = "otelhttp"

// httpGoals are the goals of what goflow adds to a request that is instrumented already.
var httpGoals = []goal{
	{"request handled, above otelhttp", place{"HTTPServer/memory/serial", 1, "ns/op"}, ours, excessAtMost, instrumented, 1000},
	{"request handled, above otelhttp: allocations", place{"HTTPServer/memory/serial", 1, "allocs/op"}, ours, excessAtMost, instrumented, 4},
	{"request handled, what is added", place{"HTTPServer/memory/serial", 1, "ns/op"}, ours, addedAtMost, "failsafehttp", 0.5},
	{"request handled, what is added, 2 processors", place{"HTTPServer/memory/parallel", 2, "ns/op"}, ours, addedAtMost, "failsafehttp", 0.5},
	{"request sent, what is added", place{"HTTPClient/memory/serial", 1, "ns/op"}, ours, addedAtMost, "failsafehttp", 0.5},
	{"request sent, what is added: allocations", place{"HTTPClient/memory/serial", 1, "allocs/op"}, ours, addedAtMost, "failsafehttp", 0.5},
	{"request handled over loopback", place{"HTTPServer/loopback/serial", 2, "ns/op"}, ours, ratioAtMost, "failsafehttp", 1},
	{"request sent over loopback", place{"HTTPClient/loopback/serial", 2, "ns/op"}, ours, ratioAtMost, "failsafehttp", 1},
}
