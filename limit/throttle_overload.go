package limit

import (
	"errors"

	"github.com/goflow-go/goflow/core"
)

// WithOverload says which errors of a task mean that what it called has too much to do: for [Adaptive]
// limits and [Throttle]s. is is not
// asked about nil. Defaults to [IsOverload].
func WithOverload(is func(err error) bool) Option {
	return optionFunc(func(o *options) {
		if is != nil {
			o.overload = is
		}
	})
}

// IsOverload reports whether err is one that a server with too much to do causes: it matches
// core.ErrRejected, or its class is rate_limited, queue_full, breaker_open, unavailable or timeout.
func IsOverload(err error) bool {
	if errors.Is(err, core.ErrRejected) {
		return true
	}
	switch core.ErrorType(err) {
	case core.TypeRateLimited, core.TypeQueueFull, core.TypeBreakerOpen, core.TypeUnavailable, core.TypeTimeout:
		return true
	}
	return false
}
