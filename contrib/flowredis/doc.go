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
// For regions that each have a Redis of their own there is [NewRegional]: one token bucket for everyone who asks
// in all of them, without a round trip from one to another.
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
//   - Region, share, loan: processes with a Redis of their own, their part of a [Regional] limit, and what
//     another region has of it for less than a second.
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
// # Regions
//
// A [Regional] limit is divided: each region has its share of rate and burst. A region that is asked for more
// than its share borrows from those that are asked for less, which keep 4 % above what they are asked for, or 1 %
// of their share if that is more. One process of each region balances, ten times a second; the others take its
// place when it is gone. A shift of demand is followed in about a second.
//
// In sum regions have no more than the limit, at any instant: a share is lent before it is used, and not used
// again before the loan has certainly ended. Both ends are told by monotonic clocks of processes, with two tenths
// of a loan between them; that is for clocks that run apart, and steps of a server's clock. So in any stretch of time t all regions
// allow no more than rate*t + burst together, but for how fast the clocks of servers run. Links may be slow, or
// lose what they like, either way: loans are not renewed then, and each region has its share, no more and no less, 1.3
// of a loan later, 0.65 s by default. When only answers are lost, and questions still come, it is 1.5 and the way of
// a question, 0.84 s with 90 ms. A question or an answer that is lost may cost what was lent on that link for as long.
//
// What comes on top:
//
//   - A server's clock that steps forward gives its region one burst of its own at most, at once. It does not change
//     who has what of the limit.
//   - One that steps back, or is replaced by one that is behind, gives none, and ends what the region has borrowed:
//     every decision says what the clock must show by now, as its process knows from a look before. A step goes
//     unseen by a decision as far as that, and the answer to the look, were under way. As long as they took no more
//     than three twentieths of a loan together, 75 ms by default, that is within the two tenths. Otherwise they
//     may find what was borrowed for as long as they took more, by default 25 ms at most, as neither takes longer
//     than the budget. A process that is not started does not look, and counts on the others.
//   - A Redis that loses what it had is told by the region's processes what was lent, and that all permits are
//     in use. What it lent anew since they looked last, a tenth of a second ago, may be had twice for a loan's time; and
//     all it lent, and a burst, when no process of the region has survived either. After a failover it is what
//     was lent while replication lagged.
//   - A region all of whose machines are suspended together while it borrows: what it had borrowed, for a loan's
//     time. One of a Redis alone is a clock that is set back.
//   - What the fallback allows. With [FallbackLocal] the processes of a region whose Redis is gone have in sum
//     what was surely not lent, and after one and six tenths of a loan their whole share; and a burst of the
//     region's own.
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
// Regional limits need +hmget +hset +hgetall +hdel too, in each region.
//
// # Telemetry
//
// Limiters report what those of package limit do; goflow.coordination.decisions tells who decided, and so
// does goflow.coordination.mode on their spans. A coordinator reports its mode from birth, instances,
// round trips by result, their durations, and fallbacks, all under goflow.coordination; one event tells of
// each change of mode. The span of a decision is the parent of what the client's own instrumentation makes.
//
// A regional limiter reports what its region's share is, what of it is lent, what is borrowed, what is asked for, and
// its mode, under goflow.region; one event tells of each region that no longer answers, or answers again. Its coordinators
// are called LIMITER/REGION.
//
// A consumer counts what becomes of messages, and tells how far behind its group is, and when it is paused; a
// producer counts what it has added. Messages carry the trace they were added under (W3C Trace Context).
//
// # When not to use it
//
// For a limit each process may have to itself: package limit decides 1000 times faster. For a lock that
// must be safe without a fencing token: no failover is.
package flowredis
