package sched_test

import (
	"context"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// must is for examples, where nothing is wrong.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func Example() {
	ctx := context.Background()
	s := must(sched.New("maintenance", sched.Config{}))
	if err := s.Start(ctx); err != nil {
		panic(err)
	}

	done := make(chan struct{})
	sweep := func(context.Context) error {
		fmt.Println("swept")
		close(done)
		return nil
	}
	must(s.Schedule(ctx, "sweep", sched.Every(10*time.Millisecond), sweep, sched.WithLimit(1)))

	<-done
	if err := s.Stop(ctx); err != nil {
		panic(err)
	}
	// Output: swept
}

func ExampleScheduler_Schedule() {
	ctx := context.Background()
	s := must(sched.New("maintenance", sched.Config{}))

	report := func(ctx context.Context) error {
		o, _ := core.OccurrenceOf(ctx)
		fmt.Println("the report of", o.Time.Format(time.DateOnly))
		return nil
	}
	job := must(s.Schedule(ctx, "report", sched.Cron("0 3 * * MON-FRI", "Europe/Paris"), report,
		sched.WithTimeout(10*time.Minute), sched.WithOverlap(sched.QueueOne), sched.WithMisfire(sched.RunOnce)))

	next := job.Next(2)
	fmt.Println(len(next), "times are planned, both at", next[0].In(must(time.LoadLocation("Europe/Paris"))).Hour())

	_, err := s.Schedule(ctx, "sweep", sched.Cron("0 25 * * *", ""), report)
	fmt.Println(err)
	// Output:
	// 2 times are planned, both at 3
	// sched: "sweep": cron: "0 25 * * *": hour (column 3): 25 is not from 0 to 23
}

func ExampleScheduler_After() {
	ctx := context.Background()
	s := must(sched.New("carts", sched.Config{}))
	if err := s.Start(ctx); err != nil {
		panic(err)
	}
	done := make(chan struct{})
	expire := func(context.Context) error {
		fmt.Println("expired")
		close(done)
		return nil
	}

	paid := must(s.After(ctx, time.Hour, expire))
	fmt.Println("stopped:", paid.Stop())
	must(s.After(ctx, 10*time.Millisecond, expire))
	<-done

	if err := s.Stop(ctx); err != nil {
		panic(err)
	}
	// Output:
	// stopped: true
	// expired
}

func ExampleJob() {
	ctx := context.Background()
	s := must(sched.New("maintenance", sched.Config{}))
	if err := s.Start(ctx); err != nil {
		panic(err)
	}
	job := must(s.Schedule(ctx, "sweep", sched.Every(time.Hour), func(context.Context) error { return nil }))

	job.Pause()
	fmt.Println(job)
	job.Resume()
	if err := job.RunNow(ctx); err != nil {
		panic(err)
	}
	if err := job.Drain(ctx); err != nil { // it is cancelled, and the run has ended
		panic(err)
	}
	fmt.Println(job.History()[0].Outcome, job.Stats().Success)
	fmt.Println(job)

	if err := s.Stop(ctx); err != nil {
		panic(err)
	}
	// Output:
	// job "sweep": paused
	// success 1
	// job "sweep": cancelled
}

func ExampleScheduler_ScheduleBatch() {
	ctx := context.Background()
	s := must(sched.New("maintenance", sched.Config{}))
	task := func(context.Context) error { return nil }

	_, err := s.ScheduleBatch(ctx, []sched.Spec{
		{Name: "sweep", Trigger: sched.Every(time.Minute), Task: task},
		{Name: "report", Trigger: sched.Every(0), Task: task},
	})
	fmt.Println(err)
	fmt.Println(s)
	// Output:
	// sched: "report": Every must be at least 1ms, got 0s
	// scheduler "maintenance": 0 jobs, 0 timers
}

func ExampleUnion() {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	t := sched.Union(sched.Every(time.Hour), sched.At(noon.Add(5*time.Minute)))
	for range 3 {
		next, _ := t.Next(noon)
		fmt.Println(next.UTC().Format(time.TimeOnly))
		noon = next
	}
	// Output:
	// 12:05:00
	// 13:00:00
	// 14:00:00
}
