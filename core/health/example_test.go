package health_test

import (
	"context"
	"fmt"

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
