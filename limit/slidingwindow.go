package limit

import (
	"math"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// SlidingWindow approximates a window that slides along with time, at the cost of two counts. What is
// in use is the count of the current window of the clock, and of the count in the window before it the
// share that the sliding window still overlaps, as if its permits had been spread evenly. Most
// callers want Allow, or Take where headers are to be sent.
//
// The arithmetic is exact and rounds against the caller, so what is in use never exceeds Limit. Where
// the permits of the window before came late in it, a stretch of time as long as Window may
// hold more than Limit, but always less than twice as many. The other way round, the approximation may
// deny what an exact count would allow; the fewer the permits, the more: with a Limit of 1, a permit
// is in use until the window after its own ends. A [SlidingLog] is exact.
//
// Windows begin as those of a [FixedWindow] do. A decision is one clock reading and one
// compare-and-swap; only who enters a window first takes a lock. All methods are safe for concurrent
// use. It starts no goroutine.
type SlidingWindow struct{ windowed }

// NewSlidingWindow makes a sliding window. The name is its telemetry's and its errors'. A wrong config
// is an error that names every field at fault. Close it when it is no longer needed.
func NewSlidingWindow(name string, cfg WindowConfig, opts ...Option) (*SlidingWindow, error) {
	if err := core.Configure("limit", name, cfg.Validate()); err != nil {
		return nil, err
	}
	w := &SlidingWindow{windowed{maxLimit: math.MaxInt32}}
	w.start(name, flowconv.LimiterAlgorithmSlidingWindow, newWindowCounter(cfg, true), opts)
	return w, nil
}
