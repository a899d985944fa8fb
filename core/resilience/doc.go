// Package resilience holds policies around a task that may fail: try again, stop trying, give up in
// time, ask twice, do something else.
//
//	stack, err := resilience.NewStandard("payments", resilience.StandardConfig{})
//	...
//	receipt, err := core.Call(ctx, stack, func(ctx context.Context) (Receipt, error) {
//		return payments.Charge(ctx, order)
//	})
//
// # Words
//
//   - Call: one Do of a policy. Attempt: one run of the task by a [Retry]. Run: one by a [Hedge].
//   - Failure: an error that says that the dependency does not work. What counts as one, what is
//     retried and what is fallen back on is each policy's own, and an option.
//   - Window: the last stretch of time, over which a [Breaker] and the budgets count.
//   - Budget: how much extra work (retries, extra runs) there may be, as a share of all calls.
//   - Closed, open, half-open: a [Breaker] that lets calls through, rejects them, or probes.
//
// # What to use
//
// [Standard] is the usual stack around a call over a network. [Retry] tries again. [Breaker] stops
// calling what keeps failing. [Timeout] gives less time. [Hedge] asks again when an answer is late.
// [Fallback] and [CallOr] answer in the place of what failed. To bound how many calls run at the
// same time (a bulkhead), use limit.Concurrency: it is a policy too. All are made into one by
// core.Compose; [Breaker] is a core.Admitter, which adds no allocation there.
//
// # Guarantees
//
// No policy outlives its context's end by more than the task does. A task's panic goes on to the
// caller, who holds no slot any more; only [Hedge], whose runs have goroutines of their own, makes an
// error of it. Waits are never in vain: what would end after the deadline fails at once. The goroutines
// of a [Hedge] end with its tasks; nothing else here starts any. A call that succeeds at once allocates
// nothing under [Breaker] and [Retry].
//
// Error matching: [OpenError] is core.ErrRejected and knows when to come back, [TimeoutError] is
// context.DeadlineExceeded, [RetryError] is whatever the last attempt's error is. Each has its class for
// core.ErrorType.
//
// # Telemetry
//
// Calls are counted by outcome in the policy's own memory (2 to 3 ns) and read when a reader
// collects. A breaker's state is a metric from its birth, and each change is one event with what the
// window held. Under a recording parent each attempt, each extra run and each rejection is a span.
//
// # When not to use it
//
// Do not retry or hedge what must not happen twice, unless the other side knows that it is the same
// request. Do not put a retry around a retry: attempts multiply.
package resilience
