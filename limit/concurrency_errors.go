package limit

import (
	"fmt"

	"github.com/goflow-go/goflow/core"
)

// FullError says that too few permits of a [Concurrency] or [Adaptive] limit were free. It matches
// core.ErrRejected. It does not know when to come back. One value serves many callers: do not change it.
type FullError struct {
	Limiter string // the limiter's name
	Limit   int    // how many permits can be held
	Waiters int    // how many waited already, that being the most; 0 when the caller was not to wait
}

// Error reads `limit: "db" rejected: too few of 10 permits are free`.
func (e *FullError) Error() string {
	text := fmt.Sprintf("limit: %q rejected: too few of %d permits are free", e.Limiter, e.Limit)
	if e.Waiters > 0 {
		text += fmt.Sprintf(", and %d wait already", e.Waiters)
	}
	return text
}

// Is matches core.ErrRejected.
func (e *FullError) Is(target error) bool { return target == core.ErrRejected }

// ErrorType is queue_full.
func (e *FullError) ErrorType() string { return core.TypeQueueFull }
