package sched_test

import (
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/wheel"
)

// newWheel makes the scheduler's wheel alone: what it holds is called, and nothing else.
func newWheel(tb testing.TB) func(time.Duration, func()) wheel.Handle[func()] {
	tb.Helper()
	w := wheel.New(func(due []func()) {
		for _, f := range due {
			f()
		}
	})
	tb.Cleanup(w.Close)
	return func(d time.Duration, f func()) wheel.Handle[func()] { return w.At(clock.Now()+int64(d), f) }
}

func newWheelTimers(tb testing.TB, pending int) timerSet {
	tb.Helper()
	after, never := newWheel(tb), func() {}
	return newTimerSet(pending,
		func(d time.Duration) wheel.Handle[func()] { return after(d, never) }, wheel.Handle[func()].Stop)
}
