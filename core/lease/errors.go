package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Why a lease ended: what the cause of its context, [Lease.Err] and [Lease.Release] match.
var (
	// ErrLost is matched when the store says that the lease is not the holder's any more.
	ErrLost = errors.New("lost")
	// ErrExpired is matched when the lease could not be renewed in time, or the process stood still.
	ErrExpired = errors.New("expired")
	// ErrReleased is matched when the holder gave the lease back, or resigned.
	ErrReleased = errors.New("released")
)

// ErrDone is matched by errors about a key that is marked as done.
var ErrDone = errors.New("done")

// EndedError says that a lease has ended, and why: it matches [ErrLost], [ErrExpired] or [ErrReleased].
type EndedError struct {
	Locker string // the locker's name
	Key    string
	Token  uint64 // the lease's fencing token
	why    reason
}

// reason is why a lease has ended.
type reason uint8

const (
	released reason = iota
	lost
	expired
)

// sentinel is the error that a reason matches.
func (r reason) sentinel() error {
	switch r {
	case lost:
		return ErrLost
	case expired:
		return ErrExpired
	case released:
	}
	return ErrReleased
}

// String gives the reason as telemetry spells it.
func (r reason) String() string {
	switch r {
	case lost:
		return flowconv.LeaseEndLost
	case expired:
		return flowconv.LeaseEndExpired
	case released:
	}
	return flowconv.LeaseEndReleased
}

// Error reads `lease: "jobs": lease 7 of "report" expired`.
func (e *EndedError) Error() string {
	text := fmt.Sprintf("lease: %q: lease %d of %q ", e.Locker, e.Token, shown(e.Key))
	switch e.why {
	case lost:
		return text + "was lost: the store gave it up"
	case expired:
		return text + "expired before it was renewed"
	case released:
	}
	return text + "was released"
}

// Is matches why it ended.
func (e *EndedError) Is(target error) bool { return target == e.why.sentinel() }

// ErrorType is unavailable, or canceled when it was released.
func (e *EndedError) ErrorType() string {
	if e.why == released {
		return core.TypeCanceled
	}
	return core.TypeUnavailable
}

// HeldError says that a key could not be had. It matches core.ErrRejected, and [ErrDone] when that is why.
type HeldError struct {
	Locker    string // the locker's name
	Key       string
	Done      bool          // nobody gets the key
	Waiters   int           // how many waited already, that being the most; 0 when that is not why
	Remaining time.Duration // how long the key is held, or done, unless that changes; 0 when not known
}

// Error reads `lease: "jobs": "report" is held, for 8s if its holder is dead`.
func (e *HeldError) Error() string {
	text := fmt.Sprintf("lease: %q: %q ", e.Locker, shown(e.Key))
	switch {
	case e.Done:
		return text + fmt.Sprintf("is done, for another %v", e.Remaining)
	case e.Waiters > 0:
		return text + fmt.Sprintf("is not waited for: %d wait already", e.Waiters)
	}
	return text + fmt.Sprintf("is held, for another %v unless that changes", e.Remaining)
}

// Is matches core.ErrRejected, and [ErrDone] when that is why.
func (e *HeldError) Is(target error) bool {
	return target == core.ErrRejected || target == ErrDone && e.Done
}

// ErrorType is rate_limited, or queue_full when too many wait.
func (e *HeldError) ErrorType() string {
	if e.Waiters > 0 {
		return core.TypeQueueFull
	}
	return core.TypeRateLimited
}

// RetryAfter is when the key is free at the latest, if its holder is dead.
func (e *HeldError) RetryAfter() time.Duration { return e.Remaining }

// StoreError says that the store failed: whether it did what it was asked is unknown. It wraps the
// store's error.
type StoreError struct {
	Locker string // the locker's name
	Key    string
	Op     string // what was asked: "acquire", "release"
	Err    error
}

// Error reads `lease: "jobs": acquire "report": connection refused`.
func (e *StoreError) Error() string {
	return fmt.Sprintf("lease: %q: %s %q: %v", e.Locker, e.Op, shown(e.Key), e.Err)
}

// Unwrap gives the store's error.
func (e *StoreError) Unwrap() error { return e.Err }

// ErrorType is the class of the store's error, or unavailable when that says nothing.
func (e *StoreError) ErrorType() string {
	if class := core.ErrorType(e.Err); class != core.TypeOther {
		return class
	}
	return core.TypeUnavailable
}

// notLeadingError says that an elector does not lead.
type notLeadingError struct{ elector string }

func (e *notLeadingError) Error() string {
	return fmt.Sprintf("lease: %q does not lead", e.elector)
}
func (e *notLeadingError) Is(target error) bool { return target == core.ErrRejected }
func (e *notLeadingError) ErrorType() string    { return core.TypeRateLimited }

// errLate is the failure of a request whose answer came when it was worth nothing any more.
var errLate = fmt.Errorf("the answer came too late: %w", context.DeadlineExceeded)

// invalid says what is wrong with an argument.
func (l *Locker) invalid(what string) error {
	return fmt.Errorf("lease: %q: %w: %s", l.inst.name, core.ErrInvalid, what)
}

// shown is as much of a key as an error shows.
func shown(key string) string {
	if len(key) > maxShown {
		return key[:maxShown] + "..."
	}
	return key
}

const maxShown = 128
