package sched_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/sched"
)

// once runs a job of this trigger, task and options once, and says what became of it.
func once(name string, task core.Task, opts ...sched.JobOption) sched.Run {
	ctx := context.Background()
	s := must(sched.New("patterns", sched.Config{}))
	if err := s.Start(ctx); err != nil {
		panic(err)
	}
	job := must(s.Schedule(ctx, name, sched.Every(time.Hour), task, opts...))
	if err := errors.Join(job.RunNow(ctx), job.Drain(ctx), s.Stop(ctx)); err != nil {
		panic(err)
	}
	return job.History()[0]
}

// A job that backs off exponentially is a job under a retry.
func Example_exponentialBackoff() {
	retry := must(resilience.NewRetry("import", resilience.RetryConfig{
		MaxAttempts: 4, BaseDelay: time.Millisecond, Multiplier: 2, MaxDelay: time.Second,
	}))
	defer retry.Close()
	attempts := 0
	run := once("import", func(context.Context) error {
		if attempts++; attempts < 3 {
			return errors.New("not yet")
		}
		return nil
	}, sched.WithPolicies(retry))
	fmt.Println(run.Outcome, "after", attempts, "attempts")
	// Output: success after 3 attempts
}

// A job that runs on a condition is a job under When.
func Example_conditional() {
	maintenance := false
	run := once("compact", func(context.Context) error { return nil },
		sched.WithPolicies(sched.When(func(context.Context) bool { return maintenance })))
	fmt.Println(run.Outcome, "-", run.Err)
	// Output: skipped - sched: the condition does not hold
}

// A job of several tasks with compensation is a job whose task is a chain.
func Example_chaining() {
	say := func(what string) core.Task {
		return func(context.Context) error { fmt.Println(what); return nil }
	}
	chain := must(sched.NewChain("order", sched.ChainConfig{}, []sched.Step{
		{Name: "reserve", Do: say("reserved"), Undo: say("released")},
		{Name: "charge", Do: func(context.Context) error { return errors.New("card declined") }},
		{Name: "ship", Do: say("shipped")},
	}))
	defer chain.Close()
	run := once("order", chain.Run)
	fmt.Println(run.Outcome)
	// Output:
	// reserved
	// released
	// failure
}

// A job that makes room under load has an adaptive trigger.
func Example_adaptive() {
	load := 0.0
	trigger := sched.Adaptive(sched.AdaptiveConfig{Min: time.Second, Max: time.Minute, Smoothing: 1}, func() float64 { return load })
	now := time.Now()
	for _, load = range []float64{0, 0.5, 1} {
		next, _ := trigger.Next(now)
		fmt.Println("load", load, "interval", next.Sub(now))
	}
	// Output:
	// load 0 interval 1s
	// load 0.5 interval 30.5s
	// load 1 interval 1m0s
}

// A job of many tasks, a few of them at a time, is a job whose task is a batch.
func Example_batch() {
	var running, most, done atomic.Int32
	item := func(context.Context) error {
		if n := running.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer running.Add(-1)
		done.Add(1)
		return nil
	}
	run := once("items", sched.Batch(2, item, item, item, item, item), sched.WithTimeout(time.Minute))
	fmt.Println(run.Outcome, done.Load(), "done, at most 2 at a time:", most.Load() <= 2)
	// Output: success 5 done, at most 2 at a time: true
}

// A job that is throttled is a job under limits.
func Example_throttled() {
	rate := must(limit.NewTokenBucket("mails", limit.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 2}))
	defer rate.Close()
	var outcomes []any
	for range 3 {
		outcomes = append(outcomes, once("mails", func(context.Context) error { return nil }, sched.WithPolicies(limit.Reject(rate))).Outcome)
	}
	fmt.Println(outcomes...)
	// Output: success success skipped
}

// A job that runs in windows of time has a trigger between them.
func Example_windows() {
	trigger := sched.Between(sched.Every(2*time.Hour), sched.Window{
		From: "22:00", To: "04:00", Days: []time.Weekday{time.Friday}, Zone: "Europe/Paris",
	})
	t := time.Date(2026, 11, 23, 12, 0, 0, 0, must(time.LoadLocation("Europe/Paris")))
	for range 4 {
		next, _ := trigger.Next(t)
		fmt.Println(next.In(t.Location()).Format("Mon 15:04"))
		t = next.In(t.Location())
	}
	// Output:
	// Fri 23:00
	// Sat 01:00
	// Sat 03:00
	// Fri 23:00
}

// Jobs that do not all start together have triggers with jitter.
func Example_jitter() {
	hourly := sched.Every(time.Hour)
	for _, spread := range []sched.Spread{
		sched.Uniform(10 * time.Minute), sched.Gaussian(10*time.Minute, time.Minute), sched.Exponential(10 * time.Minute), sched.Full(),
	} {
		next, _ := sched.Jitter(hourly, spread.Seeded("replica 1")).Next(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
		fmt.Println(next.UTC().Format(time.TimeOnly))
	}
	// Output:
	// 13:05:58
	// 13:10:14
	// 13:09:06
	// 13:35:52
}
