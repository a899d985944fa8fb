package limit

import "math"

// control finds the limit. It is the Gradient2 of Netflix's concurrency-limits, or AIMD (additive
// increase, multiplicative decrease), with three guards:
//
//   - The latency without queueing, the base, is never learned from a full window: then it would
//     follow a queue of the limit's own making, and both would grow without end. Windows that stay far
//     below the limit measure it; when there are none for the age of the base, the limit is halved for
//     one window to measure it.
//   - By Little's law, throughput times base is how many tasks run without queueing. The limit stays
//     within headroom of that. As headroom is less than two and the base is measured at half the
//     limit, a base that is too high (also half the limit was too much) lowers the limit all the same.
//   - Above the highest healthy latency the limit shrinks, whatever the base is.
type control struct {
	algorithm Algorithm
	low, high float64 // the limit's bounds
	healthy   float64 // ns; infinite without a MaxHealthyLatency
	tolerance float64
	age       int64 // of the base, in ns

	limit    float64
	base     float64 // ns; 0 when not known
	baseAt   int64   // when it was measured
	probing  bool    // the limit is halved to measure the base
	restore  float64 // the limit after probing
	rate     float64 // throughput before probing
	finished int64   // at the end of the last window
}

// measured is what was measured in a window.
type measured struct {
	length   int64 // ns
	finished int64 // tasks, since the limiter was made
	taken    int64 // latencies
	sum      int64 // of latencies, in ns
	drops    int64
	peak     uint64 // the most held
}

const (
	headroom   = 1.25 // by which the limit may exceed what runs without queueing
	backoff    = 0.9  // the factor of one step down
	manyDrops  = 0.01 // the share of drops from which on the limit shrinks
	minSamples = 20
	maxSamples = 1000
	enough     = 0.9 // half the limit stays when it serves this share of what the whole served
)

func newControl(cfg AdaptiveConfig) control {
	c := control{
		algorithm: cfg.Algorithm,
		low:       float64(cfg.Min),
		high:      float64(cfg.Max),
		healthy:   float64(cfg.MaxHealthyLatency),
		tolerance: cfg.Tolerance,
		age:       int64(cfg.BaselineAge),
		limit:     float64(cfg.Initial),
		baseAt:    math.MinInt64 / 2, // ages ago
	}
	if c.healthy == 0 {
		c.healthy = math.Inf(1)
	}
	return c
}

// move gives the limit after a window that ended at now.
func (c *control) move(now int64, w measured) int {
	rate := float64(w.finished-c.finished) / float64(w.length)
	c.finished = w.finished
	near := !c.probing && 2*float64(w.peak) > c.limit
	tooMuch := c.probing && c.probed(rate)
	next, slow := c.limit, false
	if w.taken > 0 {
		latency := float64(w.sum) / float64(w.taken)
		c.learn(now, latency, near)
		slow = latency > 2*c.base
		if near {
			next = c.follow(latency, rate)
		}
		if latency > c.healthy {
			next = min(next, c.limit*backoff)
		}
	}
	if tooMuch {
		c.baseAt = now - c.age // measure again soon
	}
	if share := float64(w.drops) / float64(max(w.drops+w.taken, 1)); share >= manyDrops {
		next = min(next, c.limit*min(backoff, max(1-share, 0.5)))
	}
	c.limit = min(max(next, c.low), c.high)
	if near && c.algorithm == Gradient2 && c.aged(now, slow) {
		c.probing, c.restore, c.rate = true, c.limit, rate
		c.limit = max(c.limit/2, c.low)
	}
	return int(c.limit)
}

// probed ends a probe. When half the limit served nearly as much, it stays, and it may be too much as
// well.
func (c *control) probed(rate float64) (tooMuch bool) {
	c.probing = false
	halved := c.limit <= 0.6*c.restore // not if that is below the lowest
	if halved && rate >= c.rate*enough {
		return true
	}
	c.limit = c.restore
	return false
}

// aged reports whether it is time to measure the base. When latency is far above it, either is wrong.
func (c *control) aged(now int64, slow bool) bool {
	age := c.age
	if slow {
		age /= 4
	}
	return now-c.baseAt >= age
}

// samples is how many the next window needs: about one of each permit. Three to measure the base, since
// then the tasks admitted before do not count, and the first to end are those that took least.
func (c *control) samples() int64 {
	n := min(max(int64(c.limit), minSamples), maxSamples)
	if c.probing {
		n *= 3
	}
	return n
}

// learn learns the base. Far from the limit there is no queue of its making, so latency is the base.
// Near it, latency can only show that the base is too high.
func (c *control) learn(now int64, latency float64, near bool) {
	latency = min(latency, c.healthy)
	switch {
	case c.base == 0, latency < c.base/2, !near && (latency < c.base || latency > c.base*2):
		c.base = latency
	case !near:
		c.base = (c.base + latency) / 2
	}
	if !near {
		c.baseAt = now
	}
}

// follow gives the limit after a window near it.
func (c *control) follow(latency, rate float64) float64 {
	if c.algorithm == AIMD {
		return c.limit + 1
	}
	gradient := min(max(c.tolerance*c.base/latency, 0.5), 1)
	room := math.Sqrt(c.limit) // for a short queue, and to grow
	next := c.limit + (c.limit*gradient+room-c.limit)/2
	return min(next, max(rate*c.base*headroom+room, c.limit*backoff))
}
