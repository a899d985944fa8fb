package limit

import (
	"context"
	"time"
)

// Limiter says whether n permits may be had now. Those of this package and your own, local or remote,
// are the same here; package limittest holds the tests every one must pass.
//
// Take never waits for permits (a remote limiter may wait for its server, within ctx). It is all or
// nothing, and asking costs nothing when the answer is no. The error is about the asking (n is not
// positive, or above what the limiter can ever give; the limiter cannot be reached), never about
// the answer. It is safe for concurrent use.
type Limiter interface {
	Take(ctx context.Context, n int) (Decision, error)
}

// KeyedLimiter is a [Limiter] for each key: a client, a tenant, a route.
type KeyedLimiter interface {
	Take(ctx context.Context, key string, n int) (Decision, error)
}

// Waiter is the optional second face of a [Limiter] that can wait for permits in order of arrival.
// [Pace] uses it when it is there.
type Waiter interface {
	WaitN(ctx context.Context, n int) error
}

// Decision is a limiter's answer, with what response headers need. It is a plain value.
type Decision struct {
	// Allowed says whether the permits were given.
	Allowed bool
	// Limit is how many permits can be had at once when none are in use: the burst.
	Limit int
	// Remaining is how many permits can be had now.
	Remaining int
	// Window is the time in which Limit permits come back.
	Window time.Duration
	// RetryAfter is, when denied, how long until the same request would be allowed if no one
	// else asked: asked 1 ns earlier, it would be denied again. Zero when allowed.
	RetryAfter time.Duration
	// NextAfter is how long until Remaining grows by one; until then no more than Remaining can
	// be had. Zero when nothing is in use.
	NextAfter time.Duration
	// ResetAfter is how long until nothing is in use, if no one asks.
	ResetAfter time.Duration
}
