//go:build unix

package sched_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/goflow-go/goflow/bench/internal/side"
)

// fuses call a function once, after a delay: make gives what does.
var fuses = []struct {
	impl string
	make func(testing.TB) func(time.Duration, func())
}{
	{"goflow-metered", newGoflowFuse},
	{"goflow-wheel", func(tb testing.TB) func(time.Duration, func()) {
		after := newWheel(tb)
		return func(d time.Duration, f func()) { after(d, f) }
	}},
	{"AfterFunc", func(testing.TB) func(time.Duration, func()) {
		return func(d time.Duration, f func()) { time.AfterFunc(d, f) }
	}},
}

// BenchmarkLateness lets a hundred thousand timers fire, evenly over two seconds.
func BenchmarkLateness(b *testing.B) {
	for _, f := range fuses {
		b.Run("timers=100000/impl="+f.impl, func(b *testing.B) {
			after := f.make(b)
			for b.Loop() {
				burn(b, after, 100_000)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// burn measures how late timers fire, and what that costs. All are scheduled before the first is due, in
// no order.
func burn(b *testing.B, after func(time.Duration, func()), timers int) {
	b.Helper()
	const lead, spread = time.Second, 2 * time.Second
	late := make([]time.Duration, timers)
	fired := newCountdown()
	fired.left.Store(int64(timers))
	begin := time.Now()
	for _, i := range rand.Perm(timers) {
		due := lead + spread*time.Duration(i)/time.Duration(timers)
		after(due-time.Since(begin), func() {
			late[i] = time.Since(begin) - due
			fired.run()
		})
	}
	before := used(b)
	<-fired.done
	reportFires(b, late, used(b)-before)
}

// reportFires reports how late fires were, and how much processor time each took.
func reportFires(b *testing.B, late []time.Duration, cpu time.Duration) {
	b.Helper()
	slices.Sort(late)
	quantile := func(q float64) float64 { return late[int(q*float64(len(late)-1))].Seconds() * 1e3 }
	b.ReportMetric(quantile(0.5), "p50-ms")
	b.ReportMetric(quantile(0.99), "p99-ms")
	b.ReportMetric(cpu.Seconds()*1e6/float64(len(late)), "cpu-us/fire")
}

func used(b *testing.B) time.Duration {
	b.Helper()
	cpu, err := side.CPU()
	if err != nil {
		b.Fatal(err)
	}
	return cpu
}
