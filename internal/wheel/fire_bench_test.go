//go:build unix

package wheel_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/wheel"
)

// lateness writes down how late timers fire whose payloads are their deadlines.
type lateness struct {
	late []time.Duration
	next atomic.Int64
	left sync.WaitGroup
}

func newLateness(n int) *lateness {
	l := &lateness{late: make([]time.Duration, n)}
	l.left.Add(n)
	return l
}

func (l *lateness) fired(deadline int64) {
	l.late[l.next.Add(1)-1] = time.Duration(clock.Now() - deadline)
	l.left.Done()
}

// report gives percentiles, and the processor time for each timer since before.
func (l *lateness) report(b *testing.B, before time.Duration) {
	b.Helper()
	l.left.Wait()
	n := len(l.late)
	b.ReportMetric(float64(cpuTime()-before)/float64(n), "cpu-ns/fire")
	slices.Sort(l.late)
	b.ReportMetric(float64(l.late[n/2])/1e6, "p50-ms")
	b.ReportMetric(float64(l.late[n*99/100])/1e6, "p99-ms")
}

// cpuTime is the processor time that the program has taken.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFire reports how late timers fire, and what processor time each takes: many over some time,
// and a herd due at one instant.
func BenchmarkFire(b *testing.B) {
	for _, c := range []struct {
		name   string
		n      int
		spread time.Duration
	}{
		{"100k over 2s", 100_000, 2 * time.Second},
		{"herd of 10k", 10_000, 1},
	} {
		after := make([]int64, c.n)
		for i := range after {
			after[i] = int64(200*time.Millisecond) + rand.Int64N(int64(c.spread))
		}
		b.Run(c.name+"/AfterFunc", func(b *testing.B) {
			for b.Loop() {
				l, start := newLateness(c.n), clock.Now()
				for _, d := range after {
					time.AfterFunc(time.Duration(start+d-clock.Now()), func() { l.fired(start + d) })
				}
				l.report(b, cpuTime())
			}
		})
		b.Run(c.name+"/wheel", func(b *testing.B) {
			for b.Loop() {
				l, start := newLateness(c.n), clock.Now()
				w := wheel.New(func(batch []payload) {
					for _, deadline := range batch {
						l.fired(*deadline.(*int64))
					}
				})
				deadlines := make([]int64, c.n)
				for i, d := range after {
					deadlines[i] = start + d
					w.At(start+d, &deadlines[i])
				}
				l.report(b, cpuTime())
				w.Close()
			}
		})
	}
}
