package limit

import "math"

// Force gives the throttle a probability, until it computes the next one, and its randomness.
func (t *Throttle) Force(p float64, random func() float64) {
	t.random = random
	t.rejected.Store(&ThrottledError{Limiter: t.inst.name})
	t.threshold.Store(math.Float64bits(p))
	t.next.Store(math.MaxInt64)
}

// SetRandom replaces the throttle's randomness.
func (t *Throttle) SetRandom(random func() float64) { t.random = random }
