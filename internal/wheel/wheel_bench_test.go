package wheel_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/wheel"
)

// payload is what timers carry in use: an interface, of a pointer.
type payload any

var sink payload = new(int)

// delays are far enough away for none to pass during a benchmark.
func delays() []time.Duration {
	rnd := rand.New(rand.NewPCG(1, 2))
	d := make([]time.Duration, 1<<12)
	for i := range d {
		d[i] = 10*time.Minute + time.Duration(rnd.Int64N(int64(time.Hour)))
	}
	return d
}

// engine is one of the kinds of timers compared. It opens a place for timers, which gives what adds n of
// them, which gives what replaces the i-th of these and what stops all.
type engine struct {
	name string
	open func() (pend func(n int) (replace func(i int), stop func()))
}

func engines() []engine {
	after := delays()
	delay := func(i int) time.Duration { return after[i%len(after)] }
	afterFunc := func(n int) (func(int), func()) {
		timers, next := make([]*time.Timer, n), 0
		set := func(i int) {
			timers[i] = time.AfterFunc(delay(next), func() {})
			next++
		}
		stop := func(i int) { timers[i].Stop() }
		return fillAndReplace(n, set, stop)
	}
	inWheel := func(w *wheel.Wheel[payload]) func(n int) (func(int), func()) {
		return func(n int) (func(int), func()) {
			timers, next := make([]wheel.Handle[payload], n), 0
			set := func(i int) {
				timers[i] = w.At(clock.Now()+int64(delay(next)), sink)
				next++
			}
			stop := func(i int) { timers[i].Stop() }
			return fillAndReplace(n, set, stop)
		}
	}
	return []engine{
		{"AfterFunc", func() func(int) (func(int), func()) { return afterFunc }},
		{"wheel", func() func(int) (func(int), func()) { return inWheel(wheel.New(func([]payload) {})) }},
	}
}

func fillAndReplace(n int, set, stop func(i int)) (replace func(i int), stopAll func()) {
	for i := range n {
		set(i)
	}
	return func(i int) {
			stop(i)
			set(i)
		}, func() {
			for i := range n {
				stop(i)
			}
		}
}

// BenchmarkReplace stops the oldest of n timers, or any, and adds a new one.
func BenchmarkReplace(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		for _, c := range []struct {
			name string
			pick func(round int) int
		}{
			{"oldest", func(round int) int { return round % n }},
			{"any", func(int) int { return rand.IntN(n) }},
		} {
			for _, e := range engines() {
				b.Run(fmt.Sprintf("n=%d/%s/%s", n, c.name, e.name), func(b *testing.B) {
					replace, stop := e.open()(n)
					b.ReportAllocs()
					for round := 0; b.Loop(); round++ {
						replace(c.pick(round))
					}
					stop()
				})
			}
		}
	}
}

// BenchmarkReplaceParallel does so from every processor, with 100,000 timers each.
func BenchmarkReplaceParallel(b *testing.B) {
	const n = 100_000
	for _, e := range engines() {
		b.Run(e.name, func(b *testing.B) {
			pend := e.open()
			replacers := make(chan func(int), runtime.GOMAXPROCS(0))
			for range cap(replacers) {
				replace, stop := pend(n)
				defer stop()
				replacers <- replace
			}
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				replace := <-replacers
				for i := 0; pb.Next(); i++ {
					replace(i % n)
				}
			})
		})
	}
}

// BenchmarkMemory reports what a million timers cost: bytes for each, their handles not counted, and
// processor time for a collection.
func BenchmarkMemory(b *testing.B) {
	const n = 1_000_000
	for _, e := range engines() {
		b.Run(e.name, func(b *testing.B) {
			for b.Loop() {
				pend := e.open()
				before := heap()
				replace, stop := pend(n)
				after := heap()
				gc := gcSeconds()
				for range 4 {
					runtime.GC()
				}
				b.ReportMetric((gcSeconds()-gc)/4*1e3, "gc-ms")
				b.ReportMetric(float64(after-before)/n, "B/timer+handle")
				runtime.KeepAlive(replace)
				stop()
			}
		})
	}
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// gcSeconds is the processor time that collections have taken.
func gcSeconds() float64 {
	s := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(s)
	return s[0].Value.Float64()
}
