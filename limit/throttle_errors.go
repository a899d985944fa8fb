package limit

import (
	"fmt"

	"github.com/goflow-go/goflow/core"
)

// ThrottledError says that a [Throttle] expected the backend to reject the request. It matches
// core.ErrRejected. It does not know when to come back. One value serves many callers: do not change it.
type ThrottledError struct {
	Limiter  string // the throttle's name
	Requests int64  // in the window
	Accepts  int64  // how many of them the backend accepted
}

// Error reads `limit: "search" rejected: the backend accepted 12 of 300 requests`.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("limit: %q rejected: the backend accepted %d of %d requests", e.Limiter, e.Accepts, e.Requests)
}

// Is matches core.ErrRejected.
func (e *ThrottledError) Is(target error) bool { return target == core.ErrRejected }

// ErrorType is rate_limited.
func (e *ThrottledError) ErrorType() string { return core.TypeRateLimited }
