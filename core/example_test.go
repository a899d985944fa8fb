package core_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/goflow-go/goflow/core"
)

// named is a policy that says when it is entered and left.
func named(name string) core.Policy {
	return core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		fmt.Println("enter", name)
		defer fmt.Println("leave", name)
		return task(ctx)
	})
}

func ExampleCompose() {
	p := core.Compose(named("outer"), named("inner")) // the first is the outermost
	err := p.Do(context.Background(), func(ctx context.Context) error {
		fmt.Println("task")
		return nil
	})
	fmt.Println("error:", err)
	// Output:
	// enter outer
	// enter inner
	// task
	// leave inner
	// leave outer
	// error: <nil>
}

func ExampleCall() {
	user, err := core.Call(context.Background(), named("policy"), func(ctx context.Context) (string, error) {
		return "ada", nil
	})
	fmt.Println(user, err)
	// Output:
	// enter policy
	// leave policy
	// ada <nil>
}

func ExampleGroup() {
	service := func(name string) core.Member {
		return core.Member{Name: name, Service: core.Background(name, func(ctx context.Context) error {
			<-ctx.Done()
			return nil
		})}
	}
	app, err := core.NewGroup("app", core.GroupConfig{}, service("cache"), service("server"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background()) // in a program: signal.NotifyContext
	cancel()
	fmt.Println("ran:", app.Run(ctx))
	// Output: ran: <nil>
}

func ExampleBackground() {
	ticks := make(chan string, 1)
	worker := core.Background("worker", func(ctx context.Context) error {
		ticks <- "working"
		<-ctx.Done()
		return ctx.Err()
	})
	ctx := context.Background()
	if err := worker.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(<-ticks)
	fmt.Println("stopped:", worker.Stop(ctx))
	// Output:
	// working
	// stopped: <nil>
}

func ExampleTry() {
	err := core.Try(context.Background(), func(ctx context.Context) error {
		panic("no such row")
	})
	var caught *core.PanicError
	fmt.Println(errors.As(err, &caught), caught.Value)
	fmt.Println(err)
	fmt.Println(core.ErrorType(err))
	// Output:
	// true no such row
	// core: task panicked: no such row
	// panic
}

func ExampleFaults() {
	rate, burst := 0, -1
	validate := func() error {
		var faults core.Faults
		faults.Require(rate > 0, "Rate", rate, "must be above 0")
		faults.Require(burst >= 0, "Burst", burst, "must not be negative")
		return faults.Err()
	}
	fmt.Println(core.Configure("limit", "checkout", validate()))
	// Output: limit: "checkout": Rate must be above 0, got 0; Burst must not be negative, got -1
}
