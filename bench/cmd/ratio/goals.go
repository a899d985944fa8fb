package main

import (
	"fmt"
	"slices"
)

// ours is goflow as an application has it.
const ours = "goflow-metered"

// bare is goflow where it emits no telemetry.
const bare = "goflow"

// sampled is goflow-metered with a sampler that keeps one trace in a hundred.
const sampled = "goflow-sampled"

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
	addedAtMost                // (impl - instrumented) / (other - instrumented) <= bound
	figureAtMost               // impl <= bound
	figureAtLeast              // impl >= bound
)

var goals = slices.Concat([]goal{
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
	{"timer, 1,000 pending", place{"Timer/pending=1000/serial", 1, "ns/op"}, ours, ratioAtMost, "AfterFunc", 0.5},
	{"timer, 100,000 pending", place{"Timer/pending=100000/serial", 1, "ns/op"}, ours, ratioAtMost, "AfterFunc", 0.5},
	{"timer, a million pending", place{"Timer/pending=1000000/serial", 1, "ns/op"}, ours, ratioAtMost, "AfterFunc", 0.5},
	{"timer: allocations", place{"Timer/pending=100000/serial", 1, "allocs/op"}, ours, figureAtMost, "AfterFunc", 0},
	{"timer: memory of one pending", place{"Timer/pending=1000000/serial", 1, "B/timer"}, ours, figureAtMost, "AfterFunc", 48},
	{"timer: garbage collection, a million pending", place{"Timer/pending=1000000/serial", 1, "gc-ms"}, ours, ratioAtMost, "AfterFunc", 0.5},
	{"timers that fire: p99 lateness", place{"Lateness/timers=100000", 2, "p99-ms"}, ours, ratioAtMost, "AfterFunc", 1.25},
	{"timers that fire: processor time", place{"Lateness/timers=100000", 2, "cpu-us/fire"}, ours, ratioAtMost, "AfterFunc", 0.8},
	{"10,000 jobs at once: p99 lateness", place{"Herd/jobs=10000", 2, "p99-ms"}, ours, ratioAtMost, "AfterFunc", 0.4},
	{"10,000 jobs at once: p99 lateness, one trace in 100 kept", place{"Herd/jobs=10000", 2, "p99-ms"}, sampled, ratioAtMost, "AfterFunc", 0.4},
	{"10,000 jobs at once: p99 lateness, of a scheduler", place{"Herd/jobs=10000", 2, "p99-ms"}, ours, ratioAtMost, "robfig", 0.3},
	{"10,000 jobs at once: run", place{"Herd/jobs=10000", 2, "run/due"}, ours, figureAtLeast, "robfig", 1},
	{"named job, 1,000 present", place{"Job/present=1000/serial", 1, "ns/op"}, ours, ratioAtMost, "gocron", 0.05},
	{"named job, 1,000 present, of the leanest", place{"Job/present=1000/serial", 1, "ns/op"}, ours, ratioAtMost, "netresearch", 0.12},
	{"named job, 100,000 present", place{"Job/present=100000/serial", 1, "ns/op"}, ours, ratioAtMost, "gocron", 0.05},
	{"named job, 100,000 present, of the leanest", place{"Job/present=100000/serial", 1, "ns/op"}, ours, ratioAtMost, "netresearch", 0.12},
	{"named job: allocations", place{"Job/present=1000/serial", 1, "allocs/op"}, ours, figureAtMost, "netresearch", 2},
	{"named job: bytes allocated", place{"Job/present=1000/serial", 1, "B/op"}, ours, figureAtMost, "netresearch", 160},
	{"cron job: bytes allocated", place{"CronJob/present=1000/serial", 1, "B/op"}, ours, figureAtMost, "netresearch", 256},
	{"cron expression read", place{"CronParse/every-5-min/serial", 1, "ns/op"}, bare, ratioAtMost, "robfig", 0.3},
	{"next occurrence in a zone", place{"CronNext/every-5-min/zone=New_York/serial", 1, "ns/op"}, bare, ratioAtMost, "robfig", 0.03},
	{"next occurrence in a zone, of the fastest", place{"CronNext/every-5-min/zone=New_York/serial", 1, "ns/op"}, bare, ratioAtMost, "go-quartz", 0.2},
	{"next occurrence, daily in a zone", place{"CronNext/daily-0230/zone=New_York/serial", 1, "ns/op"}, bare, ratioAtMost, "robfig", 0.03},
	{"next occurrence, daily in a zone, of the fastest", place{"CronNext/daily-0230/zone=New_York/serial", 1, "ns/op"}, bare, ratioAtMost, "go-quartz", 0.2},
	{"next occurrence: allocations", place{"CronNext/daily-0230/zone=New_York/serial", 1, "allocs/op"}, bare, figureAtMost, "go-quartz", 0},
	{"pool", place{"Pool/one-producer/serial", 1, "ns/op"}, ours, ratioAtMost, "ants", 0.35},
	{"pool, above a channel", place{"Pool/one-producer/serial", 1, "ns/op"}, ours, ratioAtMost, "channel", 1.6},
	{"pool, 2 processors", place{"Pool/one-producer/serial", 2, "ns/op"}, ours, ratioAtMost, "ants", 0.35},
	{"pool, 2 processors, of the fastest", place{"Pool/one-producer/serial", 2, "ns/op"}, ours, ratioAtMost, "pond", 0.8},
	{"pool, 2 processors, above a channel", place{"Pool/one-producer/serial", 2, "ns/op"}, ours, ratioAtMost, "channel", 1.6},
	{"pool, 16 producers", place{"Pool/many-producers/parallel", 2, "ns/op"}, ours, ratioAtMost, "ants", 0.35},
	{"pool, 16 producers, of the fastest", place{"Pool/many-producers/parallel", 2, "ns/op"}, ours, ratioAtMost, "pond", 0.8},
	{"pool, 16 producers, above a channel", place{"Pool/many-producers/parallel", 2, "ns/op"}, ours, ratioAtMost, "channel", 1.6},
	{"pool: allocations", place{"Pool/one-producer/serial", 1, "allocs/op"}, ours, figureAtMost, "ants", 0},
	{"idle pool, above a channel", place{"Wake/serial", 1, "ns/op"}, ours, ratioAtMost, "channel", 1.25},
	{"idle pool, 2 processors, above a channel", place{"Wake/serial", 2, "ns/op"}, ours, ratioAtMost, "channel", 1.25},
	{"typed result", place{"Future/serial", 2, "ns/op"}, ours, ratioAtMost, "conc", 0.5},
	{"typed result, of a future", place{"Future/serial", 2, "ns/op"}, ours, ratioAtMost, "pond", 0.2},
	{"what telemetry costs a task", place{"TaskTelemetry/serial", 1, "ns/op"}, ours, excessAtMost, "goflow-noop", 40},
	{"what telemetry costs a task, 2 processors", place{"TaskTelemetry/serial", 2, "ns/op"}, ours, excessAtMost, "goflow-noop", 40},
	{"typed result: allocations", place{"Future/serial", 1, "allocs/op"}, ours, figureAtMost, "pond", 3},
}, streamGoals, redisGoals, httpGoals)

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
	case addedAtMost:
		base, okBase := figure(g.at, instrumented)
		if !okBase {
			return outcome{}, false
		}
		added, others := value-base, other-base
		pass = added <= g.bound*others
		o.measured, o.bound = signed(added)+" of "+signed(others), "<= "+number(g.bound)+"x"
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
