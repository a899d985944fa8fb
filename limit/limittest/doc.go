// Package limittest proves limiters: goflow's own, and yours.
//
//	func TestMyLimiter(t *testing.T) {
//		limittest.Run(t, func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
//			return newMyLimiter(t, rate, burst)
//		})
//	}
//
// # What it gives
//
//   - [Run] runs a conformance suite over a [limit.Limiter], one subtest for each promise of the
//     interface. [RunKeyed] does so for a [limit.KeyedLimiter], and checks that keys are independent.
//     Limiters that promise less than a token bucket say so: [Windows], [Approximate], [Quota].
//   - [Fuzz] compares token buckets with the model over traces that a fuzzer makes.
//   - [Model] is a token bucket in exact rational arithmetic: slow, obvious, and right. Compare with
//     it what is fast.
//
// # Time
//
// Each subtest runs in a testing/synctest bubble, where time stands still while the limiter works and
// is exact to the nanosecond. A limiter that talks to a real server cannot run there: give [RealTime]
// with the resolution of its answers.
package limittest
