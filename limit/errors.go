package limit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// ErrExceedsBurst is matched by errors about asking for more permits than the limiter can ever give
// at once. It also matches core.ErrInvalid.
var ErrExceedsBurst = errors.New("exceeds burst")

// RejectedError says "not now". It matches core.ErrRejected, and context.DeadlineExceeded when the
// caller's deadline came before its permits could have.
type RejectedError struct {
	Limiter  string   // the limiter's name
	Decision Decision // the denial; its RetryAfter is when to come back
	reason   reason
}

// reason is why it was rejected.
type reason uint8

const (
	limited   reason = iota // no permits now
	tooLate                 // permits come after the caller's deadline
	queueFull               // too many wait already
)

// Error reads `limit: "api" rejected: 0 of 20 permits left, retry in 50ms`.
func (e *RejectedError) Error() string {
	d := e.Decision
	text := fmt.Sprintf("limit: %q rejected: %d of %d permits left, retry in %v", e.Limiter, d.Remaining, d.Limit, d.RetryAfter)
	switch e.reason {
	case tooLate:
		return text + ": would exceed the deadline"
	case queueFull:
		return text + ": too many wait already"
	case limited:
	}
	return text
}

// Is matches core.ErrRejected, and context.DeadlineExceeded when that is why.
func (e *RejectedError) Is(target error) bool {
	return target == core.ErrRejected || e.reason == tooLate && target == context.DeadlineExceeded
}

// ErrorType is rate_limited, timeout or queue_full.
func (e *RejectedError) ErrorType() string {
	switch e.reason {
	case tooLate:
		return core.TypeTimeout
	case queueFull:
		return core.TypeQueueFull
	case limited:
	}
	return core.TypeRateLimited
}

// RetryAfter is when to come back.
func (e *RejectedError) RetryAfter() time.Duration { return e.Decision.RetryAfter }

// PermitsError says that the number of permits asked for makes no sense. It matches core.ErrInvalid,
// and [ErrExceedsBurst] when it is too high.
type PermitsError struct {
	Limiter string // the limiter's name
	Permits int    // what was asked for
	Burst   int    // the most that can be had at once
}

// Error reads `limit: "api": 30 permits asked for, at most 20 can be had`.
func (e *PermitsError) Error() string {
	if e.Permits <= 0 {
		return fmt.Sprintf("limit: %q: %d permits asked for, must be above 0", e.Limiter, e.Permits)
	}
	return fmt.Sprintf("limit: %q: %d permits asked for, at most %d can be had", e.Limiter, e.Permits, e.Burst)
}

// Is matches core.ErrInvalid, and [ErrExceedsBurst] when that is why.
func (e *PermitsError) Is(target error) bool {
	return target == core.ErrInvalid || target == ErrExceedsBurst && e.Permits > 0
}

// ErrorType is invalid.
func (e *PermitsError) ErrorType() string { return core.TypeInvalid }
