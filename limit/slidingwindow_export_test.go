package limit

import "time"

// NewFixedWindowAt makes a fixed window whose clock readings are given; epoch is At0 in nanoseconds
// since the Unix epoch.
func NewFixedWindowAt(name string, cfg WindowConfig, epoch int64) (*FixedWindow, error) {
	w, err := NewFixedWindow(name, cfg)
	if err == nil {
		w.count.(*windowCounter).setEpoch(epoch)
	}
	return w, err
}

// NewSlidingWindowAt is NewFixedWindowAt for a sliding window.
func NewSlidingWindowAt(name string, cfg WindowConfig, epoch int64) (*SlidingWindow, error) {
	w, err := NewSlidingWindow(name, cfg)
	if err == nil {
		w.count.(*windowCounter).setEpoch(epoch)
	}
	return w, err
}

func (c *windowCounter) setEpoch(epoch int64) {
	c.made, c.epoch = At0, uint64(epoch)
	c.index.Store(0)
}

func (w *windowed) TakeAt(now time.Duration, n int) (Decision, error) {
	return w.decide(At0+int64(now), n)
}

func (w *windowed) SetAt(now time.Duration, to WindowConfig) error {
	_, err := w.change(func() int64 { return At0 + int64(now) }, func(WindowConfig) WindowConfig { return to })
	return err
}

// LogSize is how many times a log remembers.
func (l *SlidingLog) LogSize() int { return len(l.count.(*permitLog).ring) }
