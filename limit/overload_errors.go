package limit

import (
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/saturation"
)

// OverloadedError says that an [Overload] limit refused, because the process has too much to do. It
// matches core.ErrRejected. One value serves many callers: do not change it.
type OverloadedError struct {
	Limiter    string     // the limiter's name
	Importance Importance // of what was refused
	Reason     string     // what the process has too much of: "goroutines wait 42ms for a processor (p99)"
	after      time.Duration
}

// Error reads `limit: "api" rejected: goroutines wait 42ms for a processor (p99), at most 20ms, retry
// in 500ms`.
func (e *OverloadedError) Error() string {
	return fmt.Sprintf("limit: %q rejected: %s, retry in %v", e.Limiter, e.Reason, e.after)
}

// Is matches core.ErrRejected.
func (e *OverloadedError) Is(target error) bool { return target == core.ErrRejected }

// ErrorType is queue_full: of the queues of the runtime. Servers answer it with 503, not 429, because
// it is not the caller who has done too much.
func (e *OverloadedError) ErrorType() string { return core.TypeQueueFull }

// RetryAfter is when to come back: what the limit needs to recover, if the pressure ends now.
func (e *OverloadedError) RetryAfter() time.Duration { return e.after }

// explain says what there is too much of.
func (c *overloadControl) explain() string {
	s := c.worst
	switch c.reason {
	case reasonMemory:
		return fmt.Sprintf("%.0f %% of the memory limit of %d bytes is live, at most %g %%",
			100*s.LiveShare(), s.MemoryLimit, 100*c.mostMemory(s))
	case reasonGoroutines:
		return fmt.Sprintf("there are %d goroutines, at most %d", s.Goroutines, c.mostGoroutines(s))
	case reasonSchedLatency:
	}
	return fmt.Sprintf("goroutines wait %v for a processor (p99), at most %v",
		s.SchedLatencyP99.Round(time.Microsecond), c.cfg.MaxSchedLatency)
}

// mostMemory is the share that s has reached.
func (c *overloadControl) mostMemory(s saturation.Sample) float64 {
	if hard := c.cfg.HardMemoryShare; c.cfg.MaxMemoryShare < 0 || hard > 0 && s.LiveShare() >= hard {
		return hard
	}
	return c.cfg.MaxMemoryShare
}

// mostGoroutines is the number that s has reached.
func (c *overloadControl) mostGoroutines(s saturation.Sample) int {
	if hard := c.cfg.HardGoroutines; c.cfg.MaxGoroutines == 0 || hard > 0 && s.Goroutines >= hard {
		return hard
	}
	return c.cfg.MaxGoroutines
}
