package resilience_test

import (
	"context"
	"testing"
	"time"

	eapache "github.com/eapache/go-resiliency/breaker"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

// The breakers open when half of the calls of the last ten seconds failed, with the first call, and
// stay open for an hour. Those that know no rate open with the first failure.
const (
	failureRate = 0.5
	window      = 10 * time.Second
	openFor     = time.Hour
)

var breakers = []guard{
	{"goflow-metered", func(tb testing.TB, w *work) func() bool {
		breaker, ctx, task := newBreaker(tb), context.Background(), w.task
		return func() bool { return breaker.Do(ctx, task) == nil }
	}},
	{"goflow-call-metered", func(tb testing.TB, w *work) func() bool {
		breaker, ctx, load := newBreaker(tb), context.Background(), w.load
		return func() bool {
			_, err := core.Call(ctx, breaker, load)
			return err == nil
		}
	}},
	{"gobreaker", newGobreaker(gobreaker.Settings{Interval: window})},
	{"gobreaker-rolling", newGobreaker(gobreaker.Settings{Interval: window, BucketPeriod: window / 10})},
	{"failsafe-permit", func(_ testing.TB, w *work) func() bool {
		breaker, run := newFailsafe(), w.run
		return func() bool {
			if !breaker.TryAcquirePermit() {
				return false
			}
			if run() != nil {
				breaker.RecordFailure()
				return false
			}
			breaker.RecordSuccess()
			return true
		}
	}},
	{"failsafe-get", func(_ testing.TB, w *work) func() bool {
		executor, get := failsafe.With(newFailsafe()), w.get
		return func() bool {
			_, err := executor.Get(get)
			return err == nil
		}
	}},
	{"eapache", func(_ testing.TB, w *work) func() bool {
		breaker, run := eapache.New(1, 1, openFor), w.run
		return func() bool { return breaker.Run(run) == nil }
	}},
}

func BenchmarkBreaker(b *testing.B) {
	b.Run("closed", func(b *testing.B) { calls(b, breakers) })
	b.Run("open", func(b *testing.B) {
		var impls []side.Impl
		for _, g := range breakers {
			impls = append(impls, side.Impl{Name: g.impl, Make: func(tb testing.TB) func() bool {
				tb.Helper()
				return opened(tb, g)
			}})
		}
		side.Run(b, impls, false)
	})
}

// opened gives a guard whose breaker has opened: what it guards would succeed.
func opened(tb testing.TB, g guard) func() bool {
	tb.Helper()
	w := &work{err: errDown}
	call := g.make(tb, w)
	call()
	w.err = nil
	return call
}

func newBreaker(tb testing.TB) *resilience.Breaker {
	tb.Helper()
	breaker, err := resilience.NewBreaker("bench", resilience.BreakerConfig{
		FailureRate: failureRate, MinCalls: 1, Window: window, OpenFor: openFor,
	}, metered())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(breaker.Close)
	return breaker
}

// newGobreaker makes a breaker that counts over a fixed window, or a rolling one when it has buckets.
func newGobreaker(settings gobreaker.Settings) func(testing.TB, *work) func() bool {
	settings.Timeout = openFor
	settings.ReadyToTrip = func(c gobreaker.Counts) bool {
		return float64(c.TotalFailures) >= failureRate*float64(c.Requests)
	}
	return func(_ testing.TB, w *work) func() bool {
		breaker, get := gobreaker.NewCircuitBreaker[int](settings), w.get
		return func() bool {
			_, err := breaker.Execute(get)
			return err == nil
		}
	}
}

func newFailsafe() circuitbreaker.CircuitBreaker[int] {
	return circuitbreaker.NewBuilder[int]().
		WithFailureRateThreshold(failureRate, 1, window).WithDelay(openFor).Build()
}
