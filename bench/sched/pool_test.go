package sched_test

import (
	"sync/atomic"
	"testing"

	"github.com/goflow-go/goflow/bench/internal/side"
)

// Every pool has so many workers, and room for so many tasks to wait if it has any.
const (
	workers = 64
	queue   = 4096
)

// pools run a task in one of their workers: make gives what hands it over, waiting for room.
var pools = []struct {
	impl string
	make func(tb testing.TB, task func()) func() bool
}{
	{"goflow-metered", poolUnder(metered)},
	{"goflow-noop", poolUnder(unmetered)},
	{"channel", newChannel},
	{"pond", newPond},
	{"ants", newAnts},
	{"ants-multi", newAntsMulti},
	{"conc", newConc},
	{"errgroup", newErrgroup},
	{"go-semaphore", newGoSemaphore},
}

// countdown is a task that tells when it has run as often as it should.
type countdown struct {
	left atomic.Int64
	done chan struct{}
}

func newCountdown() *countdown { return &countdown{done: make(chan struct{}, 1)} }

func (c *countdown) run() {
	if c.left.Add(-1) == 0 {
		c.done <- struct{}{}
	}
}

// BenchmarkPool hands over tasks, and waits until the last has run.
func BenchmarkPool(b *testing.B) {
	b.Run("one-producer", func(b *testing.B) {
		for _, p := range pools {
			b.Run("impl="+p.impl+"/serial", func(b *testing.B) {
				c := newCountdown()
				submitSerial(b, c, p.make(b, c.run))
			})
		}
	})
	b.Run("many-producers", func(b *testing.B) {
		for _, p := range pools {
			b.Run("impl="+p.impl+"/parallel", func(b *testing.B) {
				c := newCountdown()
				submit := p.make(b, c.run)
				c.left.Store(int64(b.N))
				b.ResetTimer()
				side.Parallel(b, 8, submit, true)
				<-c.done
			})
		}
	})
}

func submitSerial(b *testing.B, c *countdown, submit func() bool) {
	b.Helper()
	b.ReportAllocs()
	c.left.Store(int64(b.N))
	b.ResetTimer()
	for range b.N {
		if !submit() {
			b.Fatal("the task was not taken")
		}
	}
	<-c.done
}

// BenchmarkWake hands a task to a pool that has nothing to do, and waits until it has run.
func BenchmarkWake(b *testing.B) {
	for _, p := range pools {
		b.Run("impl="+p.impl+"/serial", func(b *testing.B) {
			ran := make(chan struct{}, 1)
			submit := p.make(b, func() { ran <- struct{}{} })
			side.Serial(b, func() bool {
				ok := submit()
				<-ran
				return ok
			}, true)
		})
	}
}
