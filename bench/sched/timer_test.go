package sched_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/bench/internal/side"
)

// timerSets keep many timers pending, none of which fires: make gives a set with room for so many.
var timerSets = []struct {
	impl string
	make func(tb testing.TB, pending int) timerSet
}{
	{"goflow-metered", newGoflowTimers},
	{"goflow-wheel", newWheelTimers},
	{"AfterFunc", newAfterFuncs},
}

// timerSet is a ring of timers, oldest first.
type timerSet struct {
	fill func() // schedules as many as there is room for
	// churn gives what cancels the oldest timer of a part of the ring, and schedules another.
	churn func(from, to int) func() bool
	clear func() // cancels all
}

// newTimerSet makes a set of timers that are scheduled and cancelled in this way. The handles have their
// memory before any timer is there.
func newTimerSet[H any](pending int, after func(time.Duration) H, stop func(H) bool) timerSet {
	ring := make([]H, pending)
	return timerSet{
		fill: func() {
			for i := range ring {
				ring[i] = after(delays[i%len(delays)])
			}
		},
		churn: func(from, to int) func() bool {
			i := from
			return func() bool {
				ok := stop(ring[i])
				ring[i] = after(delays[i%len(delays)])
				if i++; i == to {
					i = from
				}
				return ok
			}
		},
		clear: func() {
			for i := range ring {
				stop(ring[i])
			}
		},
	}
}

// delays are far from now, in no order. Their number is no divisor of a ring's, so that no timer gets its
// predecessor's.
var delays = func() (list [4093]time.Duration) {
	for i := range list {
		list[i] = time.Hour + rand.N(time.Hour)
	}
	return list
}()

func newAfterFuncs(_ testing.TB, pending int) timerSet {
	never := func() {}
	return newTimerSet(pending,
		func(d time.Duration) *time.Timer { return time.AfterFunc(d, never) }, (*time.Timer).Stop)
}

// BenchmarkTimer cancels the oldest timer and schedules a new one, while so many are pending.
func BenchmarkTimer(b *testing.B) {
	for _, n := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("pending=%d", n), func(b *testing.B) {
			for _, s := range timerSets {
				b.Run("impl="+s.impl+"/serial", func(b *testing.B) { churnSerial(b, s.make(b, n), n) })
				b.Run("impl="+s.impl, func(b *testing.B) {
					set := s.make(b, n)
					set.fill()
					defer set.clear()
					b.Run("parallel", func(b *testing.B) { churnParallel(b, set, n) })
				})
			}
		})
	}
}

// churnSerial also measures what a million timers weigh.
func churnSerial(b *testing.B, set timerSet, pending int) {
	b.Helper()
	before, pause := side.Heap()
	set.fill()
	defer set.clear()
	after, pauseAfter := side.Heap()
	side.Serial(b, set.churn(0, pending), true)
	if pending >= 1_000_000 {
		b.ReportMetric((after-before)/float64(pending), "B/timer")
		b.ReportMetric((pauseAfter-pause).Seconds()*1e3, "gc-ms")
	}
}

// churnParallel gives each goroutine a part of the ring.
func churnParallel(b *testing.B, set timerSet, pending int) {
	b.Helper()
	share := pending / runtime.GOMAXPROCS(0)
	var parts atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		to := int(parts.Add(1)) * share
		turn := set.churn(to-share, to)
		for pb.Next() {
			if !turn() {
				b.Error("the oldest timer was not pending")
				return
			}
		}
	})
}
