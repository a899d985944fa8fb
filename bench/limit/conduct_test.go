package limit_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
	uber "go.uber.org/ratelimit"
	"golang.org/x/time/rate"
)

// waiter is a limiter that makes callers wait: make gives what waits for a permit.
type waiter struct {
	impl string
	make func(testing.TB, quota) func(context.Context) error
}

var waiters = []waiter{
	{"goflow-metered", func(tb testing.TB, q quota) func(context.Context) error {
		return newTokenBucket(tb, q, metered()).Wait
	}},
	{"goflow-leaky-metered", func(tb testing.TB, q quota) func(context.Context) error {
		return newLeakyBucket(tb, q, metered()).Wait
	}},
	{"x-time", func(_ testing.TB, q quota) func(context.Context) error {
		return rate.NewLimiter(rate.Limit(q.perSecond()), q.burst).Wait
	}},
	{"failsafe-smooth", func(_ testing.TB, q quota) func(context.Context) error {
		return ratelimiter.NewSmoothWithMaxRate[any](q.interval()).AcquirePermit
	}},
	{"uber", func(_ testing.TB, q quota) func(context.Context) error {
		l := uber.New(q.count, uber.Per(q.period))
		return func(context.Context) error {
			l.Take()
			return nil
		}
	}},
	{"juju", func(_ testing.TB, q quota) func(context.Context) error {
		bucket := newJujuBucket(q)
		return func(context.Context) error {
			bucket.Wait(1)
			return nil
		}
	}},
}

// BenchmarkPace lets one goroutine wait for permit after permit, for a second.
func BenchmarkPace(b *testing.B) {
	for _, count := range []int{1000, 10_000, 100_000} {
		for _, w := range waiters {
			b.Run(fmt.Sprintf("rate=%d/impl=%s", count, w.impl), func(b *testing.B) {
				wait := w.make(b, quota{count, time.Second, 1})
				for b.Loop() {
					b.ReportMetric(pace(b, wait)/float64(count), "achieved/asked")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// pace measures how many permits a second come.
func pace(b *testing.B, wait func(context.Context) error) float64 {
	b.Helper()
	ctx := context.Background()
	begin, n := time.Now(), 0
	for ; time.Since(begin) < time.Second; n++ {
		if err := wait(ctx); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(begin).Seconds()
}

// BenchmarkAdmitted lets goroutines ask all the time, for a second. More than 1 is too many.
func BenchmarkAdmitted(b *testing.B) {
	for _, goroutines := range []int{1, 2, 64, 1024} {
		for _, a := range []asker{
			{"goflow-metered", allowUnder(metered)},
			{"goflow-sharded-metered", newSharded},
			{"bare-gcra", newGCRA},
			{"x-time", newXTime},
			{"failsafe-bursty", newFailsafeBursty},
			{"juju", newJuju},
		} {
			b.Run(fmt.Sprintf("goroutines=%d/impl=%s", goroutines, a.impl), func(b *testing.B) {
				for b.Loop() {
					b.ReportMetric(admitted(b, a.make, goroutines), "admitted/allowed")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// admitted measures how many permits are given, as a part of rate*t + burst.
func admitted(b *testing.B, make func(testing.TB, quota) func() bool, goroutines int) float64 {
	b.Helper()
	var (
		begin = time.Now()
		allow = make(b, hot)
		stop  atomic.Bool
		given atomic.Int64
		done  sync.WaitGroup
	)
	for range goroutines {
		done.Go(func() {
			n := int64(0)
			for !stop.Load() {
				if allow() {
					n++
				}
			}
			given.Add(n)
		})
	}
	<-time.After(time.Second)
	stop.Store(true)
	done.Wait()
	return float64(given.Load()) / (hot.perSecond()*time.Since(begin).Seconds() + float64(hot.burst))
}
