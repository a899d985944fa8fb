// Package leasetest proves stores of leases: goflow's own, and yours.
//
//	func TestMyStore(t *testing.T) {
//		leasetest.Run(t, func(t *testing.T) lease.Store { return newMyStore(t) })
//	}
//
// [Run] runs a conformance suite, one subtest for each promise of [lease.Store], and of [lease.Watcher] if the
// store is one. The last subtests put a lease.Locker on the store: many workers count up a value that
// refuses stale fencing tokens, and a holder that is cut off from the store stops before another begins.
//
// # Time
//
// Each subtest runs in a testing/synctest bubble, where time stands still while the store works and is exact to
// the nanosecond. A store that talks to a real server cannot run there: give [RealTime] with the resolution
// of its times.
package leasetest
