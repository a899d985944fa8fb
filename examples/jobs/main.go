// Jobs is a service's work in the background: a job that retries, a pool for what comes in, and an order
// whose steps are undone when a later one fails.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/sched"
)

func main() {
	ctx := context.Background()
	if err := errors.Join(schedule(ctx), pool(ctx), order(ctx)); err != nil {
		log.Fatal(err)
	}
}

// schedule runs a job that succeeds at its third attempt, every 100 ms until it has run twice.
func schedule(ctx context.Context) error {
	retry, err1 := resilience.NewRetry("import", resilience.RetryConfig{BaseDelay: time.Millisecond})
	s, err2 := sched.New("jobs", sched.Config{})
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	defer retry.Close()
	attempts, runs := 0, make(chan struct{}, 2)
	load := func(context.Context) error {
		if attempts++; attempts%3 != 0 {
			return errors.New("not yet")
		}
		runs <- struct{}{}
		return nil
	}
	job, err := s.Schedule(ctx, "import", sched.Every(100*time.Millisecond), load,
		sched.WithPolicies(retry), sched.WithTimeout(time.Second), sched.WithLimit(2))
	if err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return err
	}
	<-runs
	<-runs
	err = s.Stop(ctx)
	fmt.Println("import:", job.Stats().Success, "runs succeeded,", attempts, "attempts")
	return err
}

// pool makes thumbnails, four at a time.
func pool(ctx context.Context) error {
	images, err := sched.NewPool("images", sched.PoolConfig{MaxWorkers: 4, Queue: 100})
	if err != nil {
		return err
	}
	thumbnail := func(name string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return name + "_small.jpg", nil }
	}
	first := sched.Go(ctx, images, thumbnail("cat"))
	second := sched.Go(ctx, images, thumbnail("dog"))
	cat, err1 := first.Wait(ctx)
	dog, err2 := second.Wait(ctx)
	fmt.Println("images:", cat, dog)
	return errors.Join(err1, err2, images.Stop(ctx))
}

// order reserves and charges, and gives back what was reserved when the card is declined.
func order(ctx context.Context) error {
	say := func(what string) func(context.Context) error {
		return func(context.Context) error {
			fmt.Println("order:", what)
			return nil
		}
	}
	charge := func(context.Context) error { return errors.New("card declined") }
	chain, err := sched.NewChain("order", sched.ChainConfig{}, []sched.Step{
		{Name: "reserve", Do: say("reserved"), Undo: say("released")},
		{Name: "charge", Do: charge, OnError: sched.Retry(2, time.Millisecond)},
		{Name: "ship", Do: say("shipped")},
	})
	if err != nil {
		return err
	}
	defer chain.Close()
	fmt.Println("order:", chain.Run(ctx))
	return nil
}
