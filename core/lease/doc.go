// Package lease says who may act: one holder of a key among all processes, one leader among all instances,
// one run of a scheduled job among all replicas. What the processes share is a [Store]: [Memory] serves one
// process, and an adapter on a server serves many, behind the same Locker.
//
//	locker, err := lease.NewLocker("jobs", lease.NewMemory(), lease.Config{})
//	...
//	l, err := locker.Acquire(ctx, "invoice-17")
//	if err != nil {
//		return err
//	}
//	defer l.Release(ctx)
//	return store.Write(l.Context(), invoice, l.Token()) // refuses tokens below the highest it has seen
//
// # Words
//
//   - Lease: the right to act on a key for some time (its TTL), renewed while it is held.
//   - Holder: who has a lease. Owner: the name the store knows it by, 130 random bits, new for each lease.
//   - Fencing token: a number that rises with every lease on a key.
//   - Trust: a holder acts only while it can be sure that the store gives the key to no one else.
//   - Term: the time during which an [Elector] leads: a lease on the elector's name.
//   - Occurrence: a run of a scheduled job, by the job's name and the time it was due (core.Occurrence).
//   - Done: a key that nobody gets for some time, since what it stands for has been done.
//
// # What to use
//
// As policies around a task: [Once] for an occurrence, [Exclusive] and [TryExclusive] for work that must not
// overlap, [WhileLeader] for work of the leader. Where work is not a task: [Locker.Acquire] and
// [Locker.TryAcquire].
//
// # What a lease can promise, and what it cannot
//
// A holder trusts its lease until its TTL has passed since before the request that gave or extended it was
// sent, less a margin (as riverqueue/river does for its leader). Then the context of the lease ends, with a
// cause, whatever the store, the network or the renewing goroutine does. Both the monotonic clock and the wall
// clock are asked, so that a machine that was suspended counts the time; a wall clock that is set forward
// by more than the TTL ends leases early, which is safe.
//
// But no lease can stop a process that stands still between its last look at the clock and its write: paused by a
// debugger, the scheduler or the hypervisor, it goes on later, when another holds the key. So a lease
// by itself is for efficiency: it makes double work rare. For safety, the resource that is written to must
// check the fencing token and refuse any below the highest it has seen: then the late write is refused. A
// resource that cannot compare numbers needs work that may be done twice. See M. Kleppmann, "How to do
// distributed locking" (2016), on why neither TTLs nor quorums of clocks replace the token, and the page
// "Distributed Locks with Redis" (Redlock) for the other view.
//
// A store that forgets (a server that lost its memory, a replica promoted without the last writes) may give
// a key twice, and start its tokens anew. How much it can forget is the adapter's to say.
//
// # Guarantees
//
// With a Store that keeps its contract (package leasetest proves it), no two holders of a key trust their leases
// at the same time, as far as their clocks run at the same speed within the margin. Tokens rise. When a
// holder dies, another has its key within TTL and a tenth of a second; when it releases, at once with a [Watcher],
// else within [Config.Poll]. Those who wait are served in no certain order; their number is bounded. A
// renewal that fails is tried again for as long as there is trust. A panic goes on to the caller, who holds
// no lease any more. No goroutine outlives the release of its lease, or the stop of its elector.
//
// # Telemetry
//
// Requests, ends and renewals are counted in the locker's own memory and read when a reader collects; waits and
// holds are timed. Under a recording parent, acquiring and releasing are spans, with the fencing token. A
// lease that is lost, and a leader that changes, is one event.
//
// # When not to use it
//
// Do not use it within one process for what a sync.Mutex does; it is a thousand times dearer. Do not hold a lease
// to guard a single write that the resource can compare and swap. Do not use a TTL shorter than the pauses of
// your processes: garbage collection, CPU throttling, a slow network.
package lease
