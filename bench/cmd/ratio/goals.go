package main

import "fmt"

// ours is goflow as an application has it.
const ours = "goflow-metered"

// The buckets for high rates and for even streams, as an application has them.
const (
	sharded = "goflow-sharded-metered"
	leaky   = "goflow-leaky-metered"
)

// goal is what goflow wants to reach in one place: beside another implementation, or alone.
type goal struct {
	what  string
	at    place
	impl  string
	check check
	other string // whose figure stands beside
	bound float64
}

// check says how a goal's figure is made and read.
type check uint8

const (
	ratioAtMost   check = iota // impl / other <= bound
	excessAtMost               // impl - other <= bound
	figureAtMost               // impl <= bound
	figureAtLeast              // impl >= bound
)

var goals = []goal{
	{"allow", place{"Bucket/allowed/serial", 1, "ns/op"}, ours, ratioAtMost, "x-time", 0.45},
	{"allow: allocations", place{"Bucket/allowed/serial", 1, "allocs/op"}, ours, figureAtMost, "x-time", 0},
	{"what counters cost", place{"Bucket/allowed/serial", 1, "ns/op"}, "goflow-counters", excessAtMost, "bare-gcra", 2.5},
	{"deny, 2 processors", place{"Bucket/denied/parallel", 2, "ns/op"}, ours, ratioAtMost, "x-time", 0.2},
	{"a million keys", place{"Keyed/keys=1000000/serial", 1, "ns/op"}, ours, ratioAtMost, "sethvargo", 0.5},
	{"a million keys, 2 processors", place{"Keyed/keys=1000000/parallel", 2, "ns/op"}, ours, ratioAtMost, "sethvargo", 0.5},
	{"memory beside the key", place{"Keyed/keys=1000000/serial", 1, "B/key"}, ours, figureAtMost, "sethvargo", 40},
	{"admitted, 1024 goroutines", place{"Admitted/goroutines=1024", 2, "admitted/allowed"}, ours, figureAtMost, "x-time", 1},
	{"pace", place{"Pace/rate=1000", 2, "achieved/asked"}, ours, figureAtLeast, "x-time", 0.99},
	{"leaky bucket: pace, 10,000/s", place{"Pace/rate=10000", 2, "achieved/asked"}, leaky, figureAtLeast, "x-time", 0.99},
	{"leaky bucket: pace, 100,000/s", place{"Pace/rate=100000", 2, "achieved/asked"}, leaky, figureAtLeast, "x-time", 0.99},
	{"leased shards", place{"Bucket/allowed/serial", 1, "ns/op"}, sharded, ratioAtMost, "failsafe-bursty", 0.2},
	{"leased shards, 2 processors", place{"Bucket/allowed/parallel", 2, "ns/op"}, sharded, ratioAtMost, "failsafe-bursty", 0.2},
	{"leased shards: admitted, 1024 goroutines", place{"Admitted/goroutines=1024", 2, "admitted/allowed"}, sharded, figureAtMost, "failsafe-bursty", 1},
	{"acquire and release", place{"Concurrency/free/serial", 1, "ns/op"}, ours, ratioAtMost, "x-sync", 1.1},
	{"acquire and release, 2 processors", place{"Concurrency/free/parallel", 2, "ns/op"}, ours, ratioAtMost, "x-sync", 1},
	{"acquire and release, waiting", place{"Concurrency/contended/parallel", 2, "ns/op"}, ours, ratioAtMost, "x-sync", 1},
	{"adaptive", place{"Adaptive/serial", 1, "ns/op"}, ours, ratioAtMost, "failsafe", 0.4},
	{"adaptive: allocations", place{"Adaptive/serial", 1, "allocs/op"}, ours, figureAtMost, "failsafe", 0},
	{"breaker, closed", place{"Breaker/closed/serial", 1, "ns/op"}, ours, ratioAtMost, "gobreaker", 0.1},
	{"breaker, closed, around a value", place{"Breaker/closed/serial", 1, "ns/op"}, "goflow-call-metered", ratioAtMost, "gobreaker", 0.1},
	{"breaker, closed: allocations", place{"Breaker/closed/serial", 1, "allocs/op"}, ours, figureAtMost, "gobreaker", 0},
	{"stack", place{"Stack/serial", 1, "ns/op"}, ours, ratioAtMost, "failsafe", 0.06},
	{"stack: allocations", place{"Stack/serial", 1, "allocs/op"}, ours, figureAtMost, "failsafe", 0},
}

// outcome is a goal's row.
type outcome struct {
	figure, beside, measured, bound, verdict string
}

// judge compares a goal with what was measured; it is false when the run did not measure it.
func (g goal) judge(figure func(place, string) (float64, bool)) (outcome, bool) {
	value, ok := figure(g.at, g.impl)
	other, okOther := figure(g.at, g.other)
	if !ok || !okOther {
		return outcome{}, false
	}
	o := outcome{
		figure: fmt.Sprintf("%s %s", number(value), g.at.unit),
		beside: fmt.Sprintf("%s %s", g.other, number(other)),
	}
	pass := false
	switch g.check {
	case ratioAtMost:
		pass = value <= g.bound*other
		o.measured, o.bound = number(value/other)+"x", "<= "+number(g.bound)+"x"
	case excessAtMost:
		pass = value-other <= g.bound
		o.measured, o.bound = signed(value-other), "<= "+signed(g.bound)
	case figureAtMost:
		pass = value <= g.bound
		o.measured, o.bound = number(value), "<= "+number(g.bound)
	case figureAtLeast:
		pass = value >= g.bound
		o.measured, o.bound = number(value), ">= "+number(g.bound)
	}
	o.verdict = "short"
	if pass {
		o.verdict = "pass"
	}
	return o, true
}

func signed(v float64) string {
	if v < 0 {
		return number(v)
	}
	return "+" + number(v)
}
