package sched_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry"
)

// newScheduler makes a scheduler that runs.
func newScheduler(tb testing.TB, opt sched.Option) *sched.Scheduler {
	tb.Helper()
	s, err := sched.New("bench", sched.Config{MaxJobs: 1_000_000}, opt)
	if err != nil {
		tb.Fatal(err)
	}
	ctx := context.Background()
	if err := s.Start(ctx); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Stop(ctx); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func nothing(context.Context) error { return nil }

func newGoflowTimers(tb testing.TB, pending int) timerSet {
	tb.Helper()
	s, ctx := newScheduler(tb, metered()), context.Background()
	return newTimerSet(pending, func(d time.Duration) sched.Timer {
		t, err := s.After(ctx, d, nothing)
		if err != nil {
			tb.Error(err)
		}
		return t
	}, sched.Timer.Stop)
}

func newGoflowFuse(tb testing.TB) func(time.Duration, func()) {
	tb.Helper()
	s, ctx := newScheduler(tb, metered()), context.Background()
	return func(d time.Duration, f func()) {
		_, err := s.After(ctx, d, func(context.Context) error {
			f()
			return nil
		})
		if err != nil {
			tb.Error(err)
		}
	}
}

func sampled() sched.Option { return sched.WithTelemetry(side.Sampled()...) }

func countersOnly() sched.Option {
	return sched.WithTelemetry(append(side.SDK(), telemetry.WithSpans(telemetry.Never))...)
}

// herdUnder starts jobs with the given telemetry.
func herdUnder(opt func() sched.Option) func(testing.TB, int, func()) {
	return func(tb testing.TB, jobs int, run func()) {
		tb.Helper()
		s, ctx := newScheduler(tb, opt()), context.Background()
		for _, name := range jobNames("job", jobs) {
			_, err := s.Schedule(ctx, name, sched.Every(time.Second), func(context.Context) error {
				run()
				return nil
			})
			if err != nil {
				tb.Fatal(err)
			}
		}
	}
}

func goflowOnce(tb testing.TB, names []string) func(string) bool {
	tb.Helper()
	return newGoflowSet(tb, names, func() sched.Trigger { return sched.After(later()) })
}

func goflowCron(tb testing.TB, names []string) func(string) bool {
	tb.Helper()
	return newGoflowSet(tb, names, func() sched.Trigger { return sched.Cron(weekdays, newYork.String()) })
}

func newGoflowSet(tb testing.TB, names []string, define func() sched.Trigger) func(string) bool {
	tb.Helper()
	s, ctx := newScheduler(tb, metered()), context.Background()
	return newJobSet(tb, names, func() {},
		func(name string) (*sched.Job, error) { return s.Schedule(ctx, name, define(), nothing) },
		func(j *sched.Job) error {
			if !j.Cancel() {
				return errors.New("not cancelled")
			}
			return nil
		})
}
