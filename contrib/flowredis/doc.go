// Package flowredis makes one of many processes: limiters that decide in Redis, leases that are kept there, and
// messages that go through its streams; alone, behind Sentinels, or in a Cluster.
//
//	client, err := flowredis.NewClient(flowredis.ClientConfig{Addrs: []string{"127.0.0.1:6379"}})
//	...
//	shared, err := flowredis.New("shared", client, flowredis.Config{})
//	...
//	err = shared.Start(ctx)
//	...
//	clients, err := flowredis.NewKeyedTokenBucket("clients", shared,
//		flowredis.TokenBucketConfig{Rate: limit.PerSecond(20), Burst: 40})
//	...
//	if !clients.Allow(ctx, r.RemoteAddr) {
//		return errBusy
//	}
//
// # What to use
//
// All of them are there for everyone who asks, and with a quota for each key:
//
//   - [NewTokenBucket]: so many a second, and a burst. The default.
//   - [NewLeakyBucket]: one at a time, an interval apart; Wait spaces the callers of all processes.
//   - [NewFixedWindow]: so many from the full hour to the next, as contracts and bills say it.
//   - [NewSlidingWindow]: so many in about any hour, for the cost of two counts.
//   - [NewConcurrency]: so many at the same time. Permits are held, and come back when their holder dies.
//
// By default each decision is one round trip. Three fields of the configs change that, and never what
// is allowed in sum:
//
//   - CacheDenials: what was denied is denied here until it would be allowed. For clients that insist.
//   - Batch: concurrent callers share round trips. For many callers of many keys.
//   - Lease, of a token bucket: a process takes permits by the hundred and gives them out alone, in about
//     as much time as package limit. For high rates. Less of the burst can be had at once.
//
// # Words
//
//   - Coordinator: what a process shares with others through one Redis. It keeps the budget, knows the
//     mode, and counts instances.
//   - Instance: a process whose coordinator has the same name and prefix, and is started.
//   - Budget: how long a decision may take, whatever Redis does.
//   - Mode: coordinated, when Redis decides; degraded, when it cannot be asked.
//   - Fallback: what decides then.
//   - Lease: what a process has to itself for a while. Permits that a token bucket gave out in advance; or
//     how long permits of a concurrency limit are held without being renewed.
//   - Quota: a rate and a burst. That of the config is in force until another is set while limiters run.
//
// # Guarantees
//
// Redis allows all processes together no more than rate*t + burst permits in any stretch of time t; what
// fallbacks allow while it does not answer comes on top, and is bounded below. A decision is one script on the server's clock, so clients' clocks do not matter. A denial
// takes nothing. Nothing is sent twice that may have run, whatever the client's settings: a permit whose
// reply was lost counts as used. Decisions are described as those of package limit, to a microsecond;
// what rates are exact, and how others are rounded, is in [TokenBucketConfig].
//
// With leases that holds too, whatever the number of processes, unless a machine is suspended while it
// holds one: what it spends of that afterwards, Lease permits at most, comes on top. No more permits of a
// concurrency limit are held than there are, as long as clocks run at one pace.
//
// A decision comes back within the budget, 50 ms by default. With [FallbackLocal] and [FailOpen] no
// caller sees an error of Redis. The gate shuts after three failures in a row; one call at a time then
// probes, every 0.25 to 1 s, and when one is answered the share of calls that go to Redis grows to all of them
// within half a second. A single decision that Redis did not make is made by the fallback too, whatever the
// mode.
//
// What Redis loses, a limit forgets. A restart without persistence gives each key one burst more at
// most, and so does a clock of the server that steps forward; one that steps back takes a key's burst
// once at most. After a failover the permits whose replication was lost can be had again: rate*t +
// burst a key, where t is what replication lagged or, in a split, how long the old master went on, and
// with Sentinel 11 s more. It stops within 1.5 s with
//
//	min-replicas-to-write 1
//	min-replicas-max-lag 1
//
// which, with down-after-milliseconds from 1000 to 5000, is how Sentinel should be set. With an eviction
// policy other than noeviction or volatile-*, memory pressure resets limits.
//
// With [FallbackLocal], the fallbacks of n instances together allow no more than rate*t + burst either: so up
// to a burst more when Redis is lost, or now and then does not answer, a second one that came back in Redis
// meanwhile, and up to rate*0.5s more while calls return to it. Instances that are not started are not counted:
// say how many there are in [Config], which also is what holds until the first count.
//
// # Leases and messages
//
// [NewLeases] is a store for package lease: what is once, exclusive or led among all processes. Its promises
// are with [Leases]. [NewConsumer] and [NewProducer] are the source and the sink of a Redis stream: see
// [Consumer] and [Producer]. They ask past the gate and without the budget, as they wait for Redis instead of
// deciding without it.
//
// # Keys
//
// Every key of limiters and leases begins with the prefix and has a lifetime. Those of streams are as they are
// given, and need +@stream besides. An ACL user that limiters and leases need no more than:
//
//	user goflow on >secret resetkeys ~goflow:* resetchannels -@all +evalsha +eval +time +get +set +del +zadd +zrem
//	  +zcard +zscore +zrangebyscore +zremrangebyscore +pexpire +hello +ping +select +command +cluster|slots +cluster|shards +readonly
//
// # Telemetry
//
// Limiters report what those of package limit do; goflow.coordination.decisions tells who decided, and so
// does goflow.coordination.mode on their spans. A coordinator reports its mode from birth, instances,
// round trips by result, their durations, and fallbacks, all under goflow.coordination; one event tells of
// each change of mode. The span of a decision is the parent of what the client's own instrumentation makes.
//
// A consumer counts what becomes of messages, and tells how far behind its group is, and when it is paused; a
// producer counts what it has added. Messages carry the trace they were added under (W3C Trace Context).
//
// # When not to use it
//
// For a limit each process may have to itself: package limit decides 1000 times faster. For a lock that
// must be safe without a fencing token: no failover is.
package flowredis
