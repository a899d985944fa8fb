// Package core holds the joint that every room of goflow is built around: a [Task] is one unit of
// work, a [Policy] decides whether, when, how often and how long it runs, and a [Service] runs in
// the background. It imports the standard library only.
//
// Whatever runs work accepts policies, and whatever bounds, paces, retries or guards work is a
// policy, so the engines never import each other and a pattern is a composition:
//
//	p := core.Compose(limit.Reject(bucket), resilienceTimeout, breaker) // first is outermost
//	err := p.Do(ctx, func(ctx context.Context) error { return send(ctx, msg) })
//	user, err := core.Call(ctx, p, func(ctx context.Context) (User, error) { return load(ctx, id) })
//
// # Words
//
//   - Task: one unit of work. It returns soon after its context ends.
//   - Policy: wraps a task. It may run it once, many times, later, or not at all.
//   - Admitter: a policy that only admits and observes: it never changes the context, never runs
//     the task twice and never runs it later. [Compose] runs neighbouring Admitters without
//     closures and without allocating.
//   - Rejection: an error that says "not now": the task was not started, and may be tried later.
//   - Service: something that starts, runs in the background, and stops.
//
// # Panics
//
// A policy runs the task in the caller's goroutine and lets a panic pass through, after every
// Admitter has been told. Who owns the goroutine contains the panic: [Try] turns it into a
// [PanicError], and [Group] and every engine that starts goroutines does so.
//
// # Errors
//
// Every error of goflow answers ErrorType() with a member of a small closed set, which is what
// metrics and spans carry as error.type; see [ErrorType].
package core
