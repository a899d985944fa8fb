package sched

import "github.com/goflow-go/goflow/internal/clock"

// sampler decides which tasks are timed: all while they come slowly, one in 64 when they come fast.
type sampler struct {
	number uint32 // of pushes
	fast   bool
	since  int64 // when the last window of pushes began
}

const (
	sampleWindow = 1024       // pushes after which their speed is looked at
	sampleSpan   = 20_480_000 // nanoseconds that a window takes at 50,000 a second
	sampleEvery  = 64         // of fast pushes
)

// stamp is the time of a push, or 0.
func (s *sampler) stamp() int64 {
	s.number++
	if s.number%sampleEvery != 0 {
		if s.fast {
			return 0
		}
		return clock.Now()
	}
	now := clock.Now()
	if s.number%sampleWindow == 0 {
		s.fast = s.since != 0 && now-s.since < sampleSpan
		s.since = now
	}
	return now
}
