package limit

import (
	"math"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// FixedWindow counts the permits of each window of the clock: "1000 an hour", from the full hour to the
// next. It is what a quota says in a contract or on a bill, and cheap. Most callers want Allow, or
// Take where headers are to be sent.
//
// Windows begin at multiples of Window since the Unix epoch: minutes, hours and days (of UTC) at the
// full one. The wall clock is read when the limiter is made and followed by the monotonic clock from
// there, so later steps of the wall clock move nothing. A limiter made in the middle of a window has
// all of that window's permits.
//
// No window holds more than Limit permits, but a stretch of time as long as Window lies across an edge:
// it may hold up to twice as many. Where that is too much, use a [SlidingWindow] or a [SlidingLog].
//
// The count is one atomic word: a decision is one clock reading and one compare-and-swap, a denial
// writes nothing but its own count. All methods are safe for concurrent use. It starts no goroutine.
type FixedWindow struct{ windowed }

// NewFixedWindow makes a fixed window. The name is its telemetry's and its errors'. A wrong config is
// an error that names every field at fault. Close it when it is no longer needed.
func NewFixedWindow(name string, cfg WindowConfig, opts ...Option) (*FixedWindow, error) {
	if err := core.Configure("limit", name, cfg.Validate()); err != nil {
		return nil, err
	}
	w := &FixedWindow{windowed{maxLimit: math.MaxInt32}}
	w.start(name, flowconv.LimiterAlgorithmFixedWindow, newWindowCounter(cfg, false), opts)
	return w, nil
}
