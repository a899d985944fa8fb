package sched_test

import (
	"math"
	"testing"
	"time"

	"github.com/goflow-go/goflow/sched"
)

var bounds = sched.AdaptiveConfig{Min: time.Second, Max: 11 * time.Second, Smoothing: 1}

func TestAdaptiveFollowsTheLoadWithinItsBounds(t *testing.T) {
	t.Parallel()
	for load, want := range map[float64]time.Duration{
		-1: time.Second, 0: time.Second, 0.5: 6 * time.Second, 1: 11 * time.Second, 7: 11 * time.Second,
		math.NaN(): 11 * time.Second, math.Inf(-1): time.Second,
	} {
		next, ok := sched.Adaptive(bounds, func() float64 { return load }).Next(epoch)
		if got := next.Sub(epoch); !ok || got != want {
			t.Errorf("under load %v the interval is %v, want %v", load, got, want)
		}
	}
}

func TestAdaptiveIsCalmedBySmoothing(t *testing.T) {
	t.Parallel()
	load := 0.0
	cfg := bounds
	cfg.Smoothing = 0 // the default, a half
	trigger := sched.Adaptive(cfg, func() float64 { return load })
	trigger.Next(epoch)
	load = 1
	for i, want := range []time.Duration{6 * time.Second, 8500 * time.Millisecond, 9750 * time.Millisecond} {
		next, _ := trigger.Next(epoch)
		if got := next.Sub(epoch); got != want {
			t.Errorf("look %d after the load rose, the interval is %v, want %v", i+1, got, want)
		}
	}
}

func TestBackoffFollowsWhatItIsTold(t *testing.T) {
	t.Parallel()
	b := sched.NewBackoff(sched.AdaptiveConfig{Min: 2 * time.Second, Max: 5 * time.Second})
	interval := func() time.Duration {
		next, _ := b.Next(epoch)
		return next.Sub(epoch)
	}
	for i, step := range []struct {
		tell func()
		want time.Duration
	}{
		{func() {}, 2 * time.Second},
		{b.Idle, 3 * time.Second},
		{b.Idle, 4500 * time.Millisecond},
		{b.Idle, 5 * time.Second},
		{b.Busy, 2 * time.Second},
	} {
		step.tell()
		if got := interval(); got != step.want {
			t.Errorf("step %d: the interval is %v, want %v", i, got, step.want)
		}
	}
}
