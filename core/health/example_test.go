package health_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core/health"
)

func Example() {
	ctx := context.Background()
	checked := make(chan health.Change, 1)
	reg, err := health.New("app", health.Config{}, health.WithOnChange(func(c health.Change) {
		if c.Check != "" {
			checked <- c
		}
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = reg.Add(health.Check{Name: "database", Run: func(ctx context.Context) error { return nil }})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := reg.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	c := <-checked
	fmt.Println(c.Check, "is", c.To)

	fmt.Println("starting:", reg.Report(health.Readiness).Status)
	reg.SetState(health.Ready)
	fmt.Println("ready:", reg.Report(health.Readiness).Status)
	reg.SetState(health.Draining)
	fmt.Println("draining:", reg.Report(health.Readiness).Status)
	fmt.Println("stopped:", reg.Stop(ctx))
	// Output:
	// database is up
	// starting: down
	// ready: up
	// draining: down
	// stopped: <nil>
}

func ExampleNew() {
	_, err := health.New("app", health.Config{Interval: -1})
	fmt.Println(err)
	// Output: health: "app": Interval must not be negative, got -1ns
}

func ExampleDegradedf() {
	copies := 2
	check := health.Check{
		Name:             "mirror",
		Interval:         time.Minute,
		FailureThreshold: 3, // one lost packet is no news
		Run: func(ctx context.Context) error {
			if copies < 3 {
				return health.Degradedf("%d of 3 copies", copies)
			}
			return nil
		},
	}
	err := check.Run(context.Background())
	fmt.Println(err, errors.Is(err, health.ErrDegraded))
	// Output: 2 of 3 copies true
}

func ExampleRegistry_History() {
	ctx := context.Background()
	reg, err := health.New("app", health.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ran := make(chan struct{})
	reg.OnRun(func(health.Group, string, health.Run) { close(ran) })
	err = reg.Add(health.Check{Name: "mirror", Run: func(context.Context) error { return health.Degradedf("2 of 3 copies") }})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := reg.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	<-ran
	for _, run := range reg.History(health.Readiness, "mirror") {
		fmt.Println(run.Status, run.Error)
	}
	fmt.Println(reg.Stop(ctx))
	// Output:
	// degraded 2 of 3 copies
	// <nil>
}
