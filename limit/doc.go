// Package limit answers one question: may this happen now?
//
//	bucket, err := limit.NewTokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerSecond(100), Burst: 20})
//	...
//	if !bucket.Allow(ctx) {
//		return errBusy
//	}
//
// # Words
//
//   - Permit: the right to do one thing once. Limiters give out permits, one or n at a time.
//   - Rate: how fast permits come back. Burst: how many can be had at once.
//   - Decision: a limiter's answer. Allowed, denied; delayed when permits were given for later;
//     cancelled when they were given back.
//   - In use: permits given out that time has not paid for yet or, where they are released, held.
//   - Reject, pace: the two things to do about a limit. [Reject] refuses what is over it, [Pace]
//     makes it wait; both are policies.
//
// # What to use
//
// [TokenBucket] is one limit for everyone who asks. [Keyed] is one limit for each key: client,
// tenant, route. Who takes one as a [Limiter] or a [KeyedLimiter] does not know which it has, so a limiter
// of your own may stand there too.
//
// [ShardedBucket] is a token bucket for rates so high that asking is a cost. Refund gives back what went
// unused; Charge takes what work already done has cost, and no limit holds for that. [WithClasses] gives
// some keys of a [Keyed] limiter, such as those of a plan, another quota.
//
// Limiters are made of others: [All] and [AllKeyed] give permits of all or of none, [Any] and [AnyKeyed]
// those of the first that has them, [TokenBucket.Priority] those of a bucket but for a share left to
// others. [Shadow] tries a limit out without denying anything.
//
// [LeakyBucket] makes a stream smooth: one at a time, an interval apart, and no burst. [FixedWindow] is
// a quota by the clock, such as 1000 a day. [SlidingWindow] approximates a window that slides along, and
// [SlidingLog] is one exactly, for limits as small as logins a minute.
//
// [Concurrency] bounds what runs at the same time, not how often it starts: a bulkhead. [Adaptive] does
// so too, and finds the bound from measured latency. [Throttle] keeps a client from asking a backend
// that rejects most of what it is asked. [Overload] keeps a server from taking more than its process can do.
// These four are policies themselves.
//
// # Guarantees
//
// No bucket allows more than rate*t + burst permits in any stretch of time t, whatever the number of
// goroutines and whatever the clock does; a [LeakyBucket] and the windows say what they allow. A denial
// takes nothing. RetryAfter is exact to the nanosecond. Waiters are served in order of arrival, and
// their number is bounded. Nothing here starts a goroutine, but for [Overload], which has one until Close.
//
// # Telemetry
//
// Decisions are counted by outcome in the limiter's own memory (2 to 3 ns) and read when a reader
// collects; waits are timed. Under a recording parent each decision is a span, "allow checkout",
// which also carries the key of a [Keyed] limiter when [WithKeyAttribute] says so; metrics never do.
//
// # When not to use it
//
// To share a limit between processes, use a limiter that lives outside them.
package limit
